"""GLIGEN's networks, which let the embedded model put subjects into boxes (arXiv 2301.07093)."""

import random
from pathlib import Path

import torch
from torch import Tensor, nn

from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.gligen.config import GligenConfig
from nodeflow.diffusion.gligen.network import Gligen
from nodeflow.diffusion.guidance.rows import Box
from nodeflow.diffusion.sampling.grounding import beside
from nodeflow.diffusion.training.beside import goal_of
from nodeflow.diffusion.training.learn import Save, Weights, learn, put_back
from nodeflow.diffusion.training.placed import Batch, Examples
from nodeflow.diffusion.training.scene import with_article
from nodeflow.diffusion.training.text import END_ROW
from nodeflow.diffusion.training.vocabulary import SHORT
from nodeflow.diffusion.unet.interventions import Interventions, Place
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.unet.places import attention_places, block_name

RATE = 1e-3
HIDDEN = 256
UNBOXED = 0.1
"""Share of examples without a box."""


def boxes_of(covers: Tensor) -> list[Box]:
    """Left, top, right and bottom of what is covered, uint8 `[n, H, W]`, as shares of the sides."""
    found = covers > 16
    height, width = covers.shape[1:]

    def ends(lines: Tensor, size: int) -> Tensor:
        first = lines.int().argmax(dim=1)
        last = size - lines.flip(1).int().argmax(dim=1)
        return torch.stack([first, last], dim=1) / size

    across, down = ends(found.any(dim=1), width), ends(found.any(dim=2), height)
    corners = torch.stack([across[:, 0], down[:, 0], across[:, 1], down[:, 1]], dim=1)
    return [(a, b, c, d) for a, b, c, d in corners.tolist()]


def file_name(ours: str, unet: UNet2DConditionModel) -> str:
    """diffusers' name of a weight."""
    if not ours.startswith("fusers."):
        return ours
    _, number, leaf = ours.split(".", 2)
    place = list(attention_places(unet.config))[int(number)]
    return f"{block_name(place, unet.config)}.fuser.{leaf}"


def fresh(unet: UNet2DConditionModel) -> Gligen:
    """Networks that change nothing yet: half-open gates behind last layers of 0.

    The published start is closed gates, through which the rest learns nothing at first.
    """
    torch.manual_seed(1)
    widths = tuple(attention_places(unet.config).values())
    context = unet.config.context_width
    net = Gligen(GligenConfig(context, context, HIDDEN, fusers=widths))
    for name, parameter in net.named_parameters():
        if ".alpha_" in name:
            nn.init.constant_(parameter, 0.5)
        elif ".to_out." in name or ".ff.net.2." in name:
            nn.init.zeros_(parameter)
    return net


def train_gligen(
    checkpoint: Path, examples: Examples, steps: int, log: Path, save: Save,
    start: Path | None = None,
) -> None:  # fmt: skip
    """Train, and save the file's tensors, by diffusers' names, now and then.

    examples: scenes of which what their subjects cover is seen.
    """
    unet = load_unet(checkpoint, torch.float32, "cpu")
    net = fresh(unet)
    learnt: Weights = {file_name(name, unet): p for name, p in net.named_parameters()}
    done = 0 if start is None else put_back(learnt, start)
    around = beside(net, unet.config)
    boxes = boxes_of(examples.pairs.seen)

    def text_of(scene: int, chance: random.Random) -> Tensor:
        subject = examples.library.subjects[examples.pairs.subject[scene]]
        words = with_article(chance.choice(subject.words))
        rows = examples.vocabulary.rows([words], SHORT)
        with torch.no_grad():
            return examples.text.end_state(examples.text(rows), rows, END_ROW)

    def steer(batch: Batch) -> Interventions:
        chance = random.Random(int(batch.at.sum()))
        objects = []
        for scene in batch.picks.tolist():
            boxed = [scene] if chance.random() >= UNBOXED else []
            texts = [text_of(each, chance) for each in boxed]
            objects.append(net.position_net([boxes[each] for each in boxed], texts))
        told = torch.cat(objects)

        def changed(place: Place, x: Tensor) -> Tensor:
            fuser, heads = around.fusers[place]
            out: Tensor = fuser(x, told, heads)
            return out

        return Interventions(between=changed)

    learn(learnt, goal_of(unet, examples, steer), steps, RATE, log, save, done)
