"""Scenes encoded once, so that the other trainings never run the autoencoder."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nodeflow.diffusion.training.scene import (
    COLOURS,
    Library,
    Pixels,
    colours_for,
    compose,
)
from nodeflow.diffusion.vae.model import AutoencoderKL


@dataclass(frozen=True)
class LatentSet:
    """Latents `[n, 4, 16, 16]` fp16, scaled to unit deviation, and what each one shows."""

    mean: Tensor
    deviation: Tensor
    subject: Tensor
    colour: Tensor

    def draw(self, picks: Tensor, generator: torch.Generator) -> Tensor:
        """Samples of the posterior, float32."""
        noise = torch.randn(self.mean[picks].shape, generator=generator)
        return self.mean[picks].float() + self.deviation[picks].float() * noise


def encode_scenes(
    vae: AutoencoderKL,
    library: Library,
    subjects: Sequence[int],
    variants: int,
    scale_factor: float,
    seed: int,
    look: Callable[[Pixels], Pixels] = lambda scene: scene,
) -> LatentSet:
    """`variants` scenes of each subject on each of its training backgrounds, in a look."""
    rng = random.Random(seed)
    names = list(COLOURS)
    wanted = [
        (index, names.index(colour))
        for index in subjects
        for colour in colours_for(library.subjects[index])
        for _ in range(variants)
    ]
    means, deviations = [], []
    with torch.no_grad():
        for start in range(0, len(wanted), 16):
            scenes = [
                look(compose(library.pictures[i], names[c], rng))
                for i, c in wanted[start : start + 16]
            ]
            pixels = torch.from_numpy(np.stack(scenes)).permute(0, 3, 1, 2).float() / 127.5 - 1
            mean, logvar = vae.moments(pixels)
            means.append((mean * scale_factor).half())
            deviations.append((torch.exp(0.5 * logvar) * scale_factor).half())
    pairs = torch.tensor(wanted)
    return LatentSet(torch.cat(means), torch.cat(deviations), pairs[:, 0], pairs[:, 1])


def join(sets: Sequence[LatentSet]) -> LatentSet:
    """Several sets as one."""
    return LatentSet(
        torch.cat([s.mean for s in sets]),
        torch.cat([s.deviation for s in sets]),
        torch.cat([s.subject for s in sets]),
        torch.cat([s.colour for s in sets]),
    )


def save_latents(latents: LatentSet, path: Path) -> None:
    """Write a set for later trainings."""
    torch.save(
        {
            "mean": latents.mean,
            "deviation": latents.deviation,
            "subject": latents.subject,
            "colour": latents.colour,
        },
        path,
    )


def read_latents(path: Path) -> LatentSet:
    """Read a set that `save_latents` wrote."""
    return LatentSet(**torch.load(path, weights_only=True))
