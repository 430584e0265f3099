"""An upscaler of ESRGAN's kind for pictures like the embedded model's.

Pairs as in ESRGAN (arXiv 1809.00219): a picture, and the same made small bicubically; L1.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.training.learn import Goal, Save, Weights, learn, put_back
from nodeflow.diffusion.training.scene import Library, colours_for, compose, compose_anywhere
from nodeflow.diffusion.training.text import rng_from
from nodeflow.diffusion.upscale.esrgan import RRDBConfig, RRDBNet

CONFIG = RRDBConfig(width=24, blocks=1)
"""Its growth of 32 is the only one that other readers of such files know."""
RATE = 5e-4
BATCH, CROP = 8, 16
"""Pictures a step, and the side of the small part of each that is shown."""


def pictures(library: Library, subjects: Sequence[int], each: int, seed: int) -> Tensor:
    """Scenes of subjects, half of them freely placed, uint8 `[n, 3, 128, 128]`."""
    rng = random.Random(seed)
    made = []
    for index in subjects:
        for _ in range(each):
            picture, colour = (
                library.pictures[index],
                rng.choice(colours_for(library.subjects[index])),
            )
            placed = rng.random() < 0.5
            made.append(
                compose_anywhere(picture, colour, rng)[0]
                if placed
                else compose(picture, colour, rng)
            )
    return torch.from_numpy(np.stack(made)).movedim(-1, 1)


def resized(pixels: Tensor, scale: float) -> Tensor:
    """Pictures in 0..1 made larger or smaller bicubically, rounded to 8 bits."""
    made = F.interpolate(pixels, scale_factor=scale, mode="bicubic", antialias=scale < 1)
    return (255 * made).clamp(0, 255).round() / 255


def psnr(one: Tensor, other: Tensor) -> float:
    """Of pictures in 0..1, in dB, the mean over pictures."""
    errors = ((one.clamp(0, 1) - other) ** 2).flatten(1).mean(1)
    return float((-10 * errors.log10()).mean())


def begun_at_nearest(net: RRDBNet) -> None:
    """Let the first three channels carry the picture through, so that it starts as repeated pixels.

    Without that, most of a short training goes into learning to pass colours on.
    """
    through = ("conv_first", "conv_up1", "conv_up2", "conv_hr", "conv_last")
    with torch.no_grad():
        for name in (*through, "conv_body"):
            weight, bias = (net.get_parameter(f"{name}.{leaf}") for leaf in ("weight", "bias"))
            weight[:3], bias[:3] = 0, 0
            if name in through:
                weight[range(3), range(3), 1, 1] = 1


def train_upscaler(
    shown: Tensor, held_out: Tensor, steps: int, log: Path, save: Save, start: Path | None = None
) -> None:
    """Train, and save the file's tensors, by BasicSR's names, now and then.

    The log's gain is how many dB better than bicubic it enlarges `held_out`, both
    `[n, 3, H, W]` uint8.
    """
    torch.manual_seed(1)
    net = RRDBNet(CONFIG)
    begun_at_nearest(net)
    scale = CONFIG.scale
    learnt: Weights = dict(net.named_parameters())
    done = 0 if start is None else put_back(learnt, start)
    wanted = held_out.float() / 255
    small = resized(wanted, 1 / scale)
    base = psnr(resized(small, scale), wanted)

    def loss(generator: torch.Generator) -> Tensor:
        rng = rng_from(generator)
        large = shown[[rng.randrange(len(shown)) for _ in range(BATCH)]].float() / 255
        free = large.shape[-1] // scale - CROP
        x, y = rng.randint(0, free), rng.randint(0, free)
        part = resized(large, 1 / scale)[..., y : y + CROP, x : x + CROP]
        x, y, side = scale * x, scale * y, scale * CROP
        return F.l1_loss(net(part), large[..., y : y + side, x : x + side])

    learn(learnt, Goal(loss, lambda: psnr(net(small), wanted) - base), steps, RATE, log, save, done)
