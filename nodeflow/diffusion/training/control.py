"""A Control-LoRA that keeps the embedded model to the edges of a picture."""

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
from nodeflow.diffusion.checkpoint.layout import Naming, Place
from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.checkpoint.reader import WeightsReader
from nodeflow.diffusion.control.config import ControlNetConfig
from nodeflow.diffusion.control.files import LORA, own_names
from nodeflow.diffusion.control.net import ControlNetModel, HintEmbedding, copied_from
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.training.adapter_start import uniform
from nodeflow.diffusion.training.scene import Library, caption, colours_for, compose_anywhere
from nodeflow.diffusion.training.text import rng_from
from nodeflow.diffusion.training.vocabulary import LENGTH, Vocabulary
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.model import AutoencoderKL

HINT = (8, 16, 32, 64)
RANK = 32
BATCH = 8
RATE = 1e-3
SCALE_FACTOR = 0.18215
SAVE_EVERY = 250
VARIANTS = 3
"""Scenes of each subject on each of its grounds."""
EMPTY = 0.5
"""Share of examples without a caption, which leaves all to the edges."""

Weights = dict[str, Tensor]
Save = Callable[[Weights, int], None]
"""The file's tensors, and the steps that made them."""
Edges = Callable[[Tensor], Tensor]
"""Pictures `[B, H, W, 3]` in 0..1 to their edges, of the same shape."""


@dataclass(frozen=True)
class Pairs:
    """Scaled latents, edges (uint8 `[n, H, W]`), and what each scene shows."""

    latents: Tensor
    edges: Tensor
    subject: tuple[int, ...]
    colour: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """Noised latents, times, conditioning and edges, and the model's right answer."""

    x: Tensor
    at: Tensor
    context: Tensor
    hint: Tensor
    target: Tensor


class LowRankAdded(nn.Module):
    """A weight that is another's plus `up @ down`."""

    def __init__(self, up: Tensor, down: Tensor) -> None:
        super().__init__()
        self.up, self.down = up, down

    def forward(self, weight: Tensor) -> Tensor:
        """The changed weight."""
        return weight + (self.up @ self.down.flatten(1)).reshape(weight.shape)


def scenes(
    vae: AutoencoderKL, library: Library, known: Sequence[str], edges: Edges, seed: int
) -> Pairs:
    """Scenes of each subject, placed anyhow, on each of its grounds; encoded, with their edges."""
    rng = random.Random(seed)
    labels = [subject.label for subject in library.subjects]
    wanted = [
        (index, colour)
        for index in (labels.index(label) for label in known)
        for colour in colours_for(library.subjects[index])
        for _ in range(VARIANTS)
    ]
    latents, drawn = [], []
    with torch.no_grad():
        for start in range(0, len(wanted), 16):
            some = wanted[start : start + 16]
            pictures = np.stack([compose_anywhere(library.pictures[i], c, rng) for i, c in some])
            pixels = torch.from_numpy(pictures).float() / 255
            latents.append(vae.encode(pixels.permute(0, 3, 1, 2).contiguous() * 2 - 1))
            drawn.append((edges(pixels)[..., 0] * 255).byte())
    subjects, colours = zip(*wanted, strict=True)
    return Pairs(torch.cat(latents) * SCALE_FACTOR, torch.cat(drawn), subjects, colours)


def low_rank(net: ControlNetModel, base: UNet2DConditionModel, seed: int) -> dict[str, Tensor]:
    """Let every matrix and kernel that the UNet has too be its own plus two small factors.

    Returns what is trained, by the names of a Control-LoRA file.
    """
    names = own_names(net_config(base), Place("", Naming.LDM))
    theirs = {name for name, _ in base.named_parameters()}
    generator = torch.Generator().manual_seed(seed)
    learnt: dict[str, Tensor] = {}
    for ours, parameter in list(net.named_parameters()):
        parameter.requires_grad_(ours not in theirs)
        if ours not in theirs:
            learnt[names[ours]] = parameter
        elif parameter.dim() > 1:
            rank = min(RANK, *parameter.flatten(1).shape)
            up = torch.zeros(parameter.shape[0], rank).requires_grad_()
            inner = parameter.flatten(1).shape[1]
            down = uniform((rank, *parameter.shape[1:]), inner, generator).requires_grad_()
            stem = names[ours].removesuffix("weight")
            learnt |= {f"{stem}up": up, f"{stem}down": down}
            module = net.get_submodule(ours.rpartition(".")[0])
            parametrize.register_parametrization(module, "weight", LowRankAdded(up, down))
    return learnt


def wake(embedding: HintEmbedding, hint: Tensor) -> None:
    """Start with features as large as half of what they are added to.

    The published start has a last layer of 0, and layers before it through which lines of edges
    shrink to a ten-thousandth: it learns from edges only after many thousand steps. The outputs of
    the control net are 0 at first all the same.
    """
    for layer in embedding.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    with torch.no_grad():
        embedding.conv_out.weight *= 0.5 / embedding(hint).std()


def noisy_times(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Times in 0..count-1, most of them late, where shapes are decided.

    Source: T2I-Adapter (Mou et al. 2023, arXiv 2302.08453), section 3.3, cubic sampling.
    """
    share = torch.rand(size, generator=generator)
    return ((1 - share**3) * count).long().clamp(max=count - 1)


def hint_of(pairs: Pairs, picks: Tensor | slice) -> Tensor:
    """Edges as a control net takes them: `[n, 3, H, W]` in 0..1."""
    return pairs.edges[picks].float()[:, None].expand(-1, 3, -1, -1) / 255


def net_config(base: UNet2DConditionModel) -> ControlNetConfig:
    """Sizes of the control net of a model."""
    return ControlNetConfig(base.config, hint=HINT)


@dataclass(frozen=True)
class Examples:
    """Where a batch is drawn from: scenes, and the captions that go with them."""

    pairs: Pairs
    library: Library
    vocabulary: Vocabulary
    text: ClipTextTransformer

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        """Noised latents, what the model is to say of them, and what it is told."""
        pairs, rng = self.pairs, rng_from(generator)
        picks = torch.randint(len(pairs.latents), (size,), generator=generator)
        texts = [
            ""
            if rng.random() < EMPTY
            else caption(self.library.subjects[pairs.subject[i]], pairs.colour[i], rng)
            for i in picks.tolist()
        ]
        with torch.no_grad():
            context = self.text(self.vocabulary.rows(texts, LENGTH))
        clean = pairs.latents[picks]
        noise = torch.randn(clean.shape, generator=generator)
        sigmas = stable_diffusion().sigmas
        at = noisy_times(len(sigmas), size, generator)
        sigma = sigmas[at].to(clean)[:, None, None, None]
        root = (sigma**2 + 1).sqrt()
        hint = hint_of(pairs, picks)
        x, target = (clean + sigma * noise) / root, (noise - sigma * clean) / root
        return Batch(x, at, context, hint, target)


def train_control(
    checkpoint: Path, examples: Examples, steps: int, log: Path, save: Save,
    start: Path | None = None,
) -> None:  # fmt: skip
    """Train, and save the file's tensors now and then. start: a file to go on from.

    Writes a CSV of two losses every 25 steps: their mean over these steps, and what the control
    net takes off the model's own loss on one batch that stays the same.
    """
    unet = load_unet(checkpoint, torch.float32, "cpu")
    torch.manual_seed(1)
    net = copied_from(unet, net_config(unet))
    wake(net.controlnet_cond_embedding, hint_of(examples.pairs, slice(64)))
    learnt = low_rank(net, unet, seed=1)
    done = 0 if start is None else put_back(learnt, start)
    optimizer = torch.optim.AdamW(learnt.values(), lr=RATE)
    generator = torch.Generator().manual_seed(2 + done)
    same = examples.batch(32, torch.Generator().manual_seed(3))
    with torch.no_grad():
        base = float(F.mse_loss(unet(same.x, same.at, same.context), same.target))
    recent: list[float] = []
    with log.open("a" if done else "w", newline="") as file:
        rows = csv.writer(file)
        for step in range(1, steps + 1):
            for group in optimizer.param_groups:
                group["lr"] = RATE * min(1.0, step / 50, 3 * (steps - step + 1) / steps)
            loss = controlled(unet, net, examples.batch(BATCH, generator))
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            recent.append(float(loss.detach()))
            if step % 25 == 0:
                with torch.no_grad():
                    gain = base - float(controlled(unet, net, same))
                rows.writerow([done + step, f"{sum(recent) / len(recent):.5f}", f"{gain:.5f}"])
                file.flush()
                recent.clear()
            if step % SAVE_EVERY == 0 or step == steps:
                half = {name: tensor.detach().half() for name, tensor in learnt.items()}
                save({**half, LORA: torch.zeros(0)}, done + step)


def put_back(learnt: Weights, file: Path) -> int:
    """Give what is trained the values of a file; returns the steps that made it.

    Raises CheckpointError where a weight is missing.
    """
    with WeightsReader(file) as reader, torch.no_grad():
        missing = [name for name in learnt if name not in reader.tensors]
        if missing:
            raise CheckpointError(f"it lacks '{missing[0]}'")
        for name, tensor in learnt.items():
            tensor.copy_(reader.read(name))
    return int(read_header(file).metadata["nodeflow.steps"])


def controlled(unet: UNet2DConditionModel, net: ControlNetModel, batch: Batch) -> Tensor:
    """The loss of the model with its control net."""
    residuals = net(batch.x, batch.at, batch.context, None, batch.hint)
    return F.mse_loss(unet(batch.x, batch.at, batch.context, None, residuals), batch.target)
