"""Noise on what conditions a model, its level told to it (arXiv 2106.15282, 2204.06125)."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.load import load_image_noise
from nodeflow.diffusion.recipe import Labels, ModelRecipe
from nodeflow.diffusion.schedule.discrete import scaled_linear_acp
from nodeflow.diffusion.unet.timestep import timestep_features

UPSCALER_BETAS = (0.0001, 0.02)
UPSCALER_LEVELS = 350
MERGED = 0.05
"""The level at which several pictures' embeddings are joined."""


def cosine_acp(count: int = 1000) -> Tensor:
    """Cumulative alphas of the squared-cosine schedule, float64 (arXiv 2102.09672)."""

    def level(t: float) -> float:
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [min(1 - level((i + 1) / count) / level(i / count), 0.999) for i in range(count)]
    return torch.cumprod(1.0 - torch.tensor(betas, dtype=torch.float64), dim=0)


def noised(clean: Tensor, acp: Tensor, level: int, seed: int) -> Tensor:
    """`clean` float32 at a noise level, with noise drawn on the CPU from `seed`."""
    generator = torch.Generator().manual_seed(seed % 2**64)
    noise = torch.randn(clean.shape, generator=generator)
    return clean * float(acp[level].sqrt()) + noise.to(clean) * float((1 - acp[level]).sqrt())


@dataclass(frozen=True, eq=False)
class ImageNoise:
    """Noise on image embeddings; `mean` and `std` `[width]` normalise them (unCLIP)."""

    mean: Tensor
    std: Tensor

    def __call__(self, embedding: Tensor, amount: float, seed: int) -> Tensor:
        """`[1, width]` to `[1, 2 width]`: noised at `amount` 0..1, then the level's sinusoids."""
        level = round(999 * amount)
        normal = noised((embedding.float() - self.mean) / self.std, cosine_acp(), level, seed)
        told = timestep_features(torch.tensor([float(level)]), embedding.shape[-1])
        return torch.cat([normal * self.std + self.mean, told], dim=-1)


def image_noise(recipe: ModelRecipe) -> ImageNoise | None:
    """unCLIP's noise from the model's file; without numbers there, none to normalise by."""
    if recipe.labels is not Labels.IMAGE:
        return None
    found = load_image_noise(Path(recipe.source.path))
    return None if found is None else ImageNoise(*found)


def noised_picture(picture: Tensor, amount: float, seed: int) -> tuple[Tensor, int]:
    """The upscaler's small picture with noise at `amount` 0..1 of 350 levels, and the level."""
    level = round(UPSCALER_LEVELS * amount)
    if amount <= 0:
        return picture, level
    return noised(picture, scaled_linear_acp(*UPSCALER_BETAS), level, seed), level
