"""Scenes, what else a network is shown of them, and noised batches of them."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.training.latents import LatentSet
from nodeflow.diffusion.training.scene import Library, caption, colours_for, compose_anywhere
from nodeflow.diffusion.training.text import NAMES, rng_from
from nodeflow.diffusion.training.vocabulary import LENGTH, SHORT, Vocabulary
from nodeflow.diffusion.vae.model import AutoencoderKL

SCALE_FACTOR = 0.18215
Draw = Callable[[Tensor, Tensor], Tensor]
"""Pictures `[B, H, W, 3]` and what subjects cover `[B, H, W]` to maps `[B, H, W]`; all in 0..1."""


@dataclass(frozen=True)
class Pairs:
    """Scaled latents `[n, 4, h, w]` with their subjects and colours.

    seen: what the network that is trained sees of each scene, `[n, …]`; maps are uint8 `[n, H, W]`.
    """

    latents: Tensor
    seen: Tensor
    subject: tuple[int, ...]
    colour: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """Noised latents, times, conditioning, the model's right answer; picks: the scenes."""

    x: Tensor
    at: Tensor
    context: Tensor
    target: Tensor
    picks: Tensor


def scenes(
    vae: AutoencoderKL, library: Library, known: Sequence[str], each: int, draw: Draw, seed: int
) -> Pairs:
    """`each` scenes of a subject, placed anyhow, on each of its grounds; encoded, with maps."""
    rng = random.Random(seed)
    labels = [subject.label for subject in library.subjects]
    wanted = [
        (index, colour)
        for index in (labels.index(label) for label in known)
        for colour in colours_for(library.subjects[index])
        for _ in range(each)
    ]
    latents, drawn = [], []
    with torch.no_grad():
        for start in range(0, len(wanted), 16):
            some = wanted[start : start + 16]
            made = [compose_anywhere(library.pictures[i], c, rng) for i, c in some]
            pixels, covers = (
                torch.from_numpy(np.stack(each)).float() / 255 for each in zip(*made, strict=True)
            )
            latents.append(vae.encode(pixels.permute(0, 3, 1, 2).contiguous() * 2 - 1))
            drawn.append((draw(pixels, covers) * 255).byte())
    subjects, colours = zip(*wanted, strict=True)
    return Pairs(torch.cat(latents) * SCALE_FACTOR, torch.cat(drawn), subjects, colours)


def pairs_of(latents: LatentSet) -> Pairs:
    """Encoded scenes of which nothing else is seen."""
    subjects = tuple(latents.subject.tolist())
    colours = tuple(NAMES[i] for i in latents.colour.tolist())
    return Pairs(latents.mean.float(), torch.zeros(len(subjects), 0), subjects, colours)


def noisy_times(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Times in 0..count-1, most of them late, where shapes are decided.

    Source: T2I-Adapter (Mou et al. 2023, arXiv 2302.08453), section 3.3, cubic sampling.
    """
    share = torch.rand(size, generator=generator)
    return ((1 - share**3) * count).long().clamp(max=count - 1)


def hint_of(pairs: Pairs, picks: Tensor | slice) -> Tensor:
    """Maps as control nets take them: `[n, 3, H, W]` in 0..1."""
    return pairs.seen[picks].float()[:, None].expand(-1, 3, -1, -1) / 255


@dataclass(frozen=True)
class Examples:
    """Where a batch is drawn from: scenes, and the captions that go with them.

    empty: share of examples without a caption, which leaves all to what is seen.
    """

    pairs: Pairs
    library: Library
    vocabulary: Vocabulary
    text: ClipTextTransformer
    empty: float = 0.5

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        """Noised latents, what the model is to say of them, and what it is told."""
        pairs, rng = self.pairs, rng_from(generator)
        picks = torch.randint(len(pairs.latents), (size,), generator=generator)
        texts = [
            ""
            if rng.random() < self.empty
            else caption(self.library.subjects[pairs.subject[i]], pairs.colour[i], rng)
            for i in picks.tolist()
        ]
        length = SHORT if rng.random() < 0.5 else LENGTH
        with torch.no_grad():
            context = self.text(self.vocabulary.rows(texts, length))
        clean = pairs.latents[picks]
        noise = torch.randn(clean.shape, generator=generator)
        sigmas = stable_diffusion().sigmas
        at = noisy_times(len(sigmas), size, generator)
        sigma = sigmas[at].to(clean)[:, None, None, None]
        root = (sigma**2 + 1).sqrt()
        x, target = (clean + sigma * noise) / root, (noise - sigma * clean) / root
        return Batch(x, at, context, target, picks)
