"""The vector that a UNet adds to the time embedding: picture sizes, image prompts, noise levels."""

import torch
from torch import Tensor

from nodeflow.diffusion.conditioning import ConditioningEntry, ImagePrompt, Sizes
from nodeflow.diffusion.guidance.noise_augmentation import MERGED, UPSCALER_LEVELS, ImageNoise
from nodeflow.diffusion.unet.timestep import timestep_features

SIZE_WIDTH = 256
POSITIVE_SCORE, NEGATIVE_SCORE = 6.0, 2.5
CELL = 8


class MissingInput(ValueError):
    """A conditioning lacks what its model needs; the message says what and how to add it."""


def sizes_of(entry: ConditioningEntry, cells: tuple[int, int]) -> Sizes:
    """The entry's sizes, or those of the picture being made, uncropped."""
    return entry.sizes or Sizes(height=cells[0] * CELL, width=cells[1] * CELL)


def told(pooled: Tensor, values: list[float]) -> Tensor:
    """Pooled text `[rows, width]` and, behind it, 256 sinusoids of each number."""
    sinusoids = timestep_features(torch.tensor(values), SIZE_WIDTH).reshape(1, -1)
    return torch.cat([pooled, sinusoids.expand(len(pooled), -1)], dim=1)


def pooled_of(entry: ConditioningEntry) -> Tensor:
    """The pooled text. Raises MissingInput where there is none."""
    if entry.pooled is None:
        raise MissingInput(
            "this model needs the pooled output of SDXL's text encoder, which the conditioning "
            "does not have: encode the prompt with the model's own CLIP"
        )
    return entry.pooled.float()


def size_labels(entry: ConditioningEntry, cells: tuple[int, int]) -> Tensor:
    """SDXL base: pooled text, then original size, crop and target size (arXiv 2307.01952)."""
    s = sizes_of(entry, cells)
    height = s.height if s.target_height is None else s.target_height
    width = s.width if s.target_width is None else s.target_width
    numbers = [s.height, s.width, s.crop_h, s.crop_w, height, width]
    return told(pooled_of(entry), [float(n) for n in numbers])


def refiner_labels(entry: ConditioningEntry, cells: tuple[int, int], negative: bool) -> Tensor:
    """SDXL refiner: pooled text, original size, crop, aesthetic score."""
    s = sizes_of(entry, cells)
    score = s.aesthetic_score
    if score is None:
        score = NEGATIVE_SCORE if negative else POSITIVE_SCORE
    numbers = [float(n) for n in (s.height, s.width, s.crop_h, s.crop_w)]
    return told(pooled_of(entry), [*numbers, score])


def image_labels(prompts: tuple[ImagePrompt, ...], noise: ImageNoise, seed: int) -> Tensor:
    """unCLIP: each picture's noised embedding and level times its strength; several are summed
    and noised once more, a little. Zeros where there is none."""
    width = noise.mean.shape[-1]
    if not prompts:
        return torch.zeros(1, 2 * width)
    for prompt in prompts:
        if prompt.embedding.shape[-1] != width:
            raise MissingInput(
                f"this model takes image embeddings of width {width}, got "
                f"{prompt.embedding.shape[-1]}: encode the picture with its own CLIP vision"
            )
    parts = [noise(p.embedding, p.noise_augmentation, seed) * p.strength for p in prompts]
    if len(parts) == 1:
        return parts[0]
    return noise(torch.stack(parts).sum(0)[:, :width], MERGED, seed)


def noise_level_label(entry: ConditioningEntry) -> Tensor:
    """The upscaler's class: the noise level of its small picture, int64 `[1]`."""
    amount = entry.extra.noise_augmentation if entry.extra is not None else 0.0
    return torch.tensor([round(UPSCALER_LEVELS * amount)])
