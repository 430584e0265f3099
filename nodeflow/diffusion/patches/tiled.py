"""Large pictures denoised tile by tile, the overlaps averaged at every noise level.

Uniform weights are MultiDiffusion (arXiv 2302.08113), Gaussian ones Mixture of Diffusers
(arXiv 2302.02412). Both give every cell the mean of what its tiles say, so that no seam is left to
grow, and the network never sees more than some tiles at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import torch
from torch import Tensor

from nodeflow.diffusion.conditioning import Area
from nodeflow.diffusion.recipe import Patch
from nodeflow.diffusion.tiles import starts

VARIANCE = 0.01
"""Of the Gaussian, where a tile's side is 1 (arXiv 2302.02412)."""


class Blending(StrEnum):
    """How tiles count where they overlap: all alike, or more in their middle."""

    UNIFORM = "MultiDiffusion"
    GAUSSIAN = "Mixture of Diffusers"


@dataclass(frozen=True, slots=True)
class TiledDiffusion(Patch):
    """Height, width and overlap of tiles in latent cells; batch: rows of a network call at most."""

    blending: Blending
    height: int
    width: int
    overlap: int
    batch: int


def tiled_of(patches: Sequence[Patch]) -> TiledDiffusion | None:
    """The last such patch."""
    return next((p for p in reversed(patches) if isinstance(p, TiledDiffusion)), None)


@lru_cache(maxsize=8)
def tiles(patch: TiledDiffusion, height: int, width: int) -> tuple[tuple[Area, Tensor], ...]:
    """The tiles of a latent with their weights `[tile height, tile width]`; over any cell they sum
    to 1."""
    high, wide = min(patch.height, height), min(patch.width, width)
    areas = [
        Area(high, wide, y, x)
        for y in starts(height, high, patch.overlap)
        for x in starts(width, wide, patch.overlap)
    ]
    weight = torch.ones(high, wide, dtype=torch.float64)
    if patch.blending is Blending.GAUSSIAN:
        weight = gaussian(high)[:, None] * gaussian(wide)[None]
    total = torch.zeros(height, width, dtype=torch.float64)
    for area in areas:
        inside(total, area).add_(weight)
    return tuple((area, (weight / inside(total, area)).float()) for area in areas)


def gaussian(size: int) -> Tensor:
    """A bell over a side, float64 `[size]`, not normalised."""
    place = (torch.arange(size, dtype=torch.float64) - (size - 1) / 2) / size
    return torch.exp(-(place**2) / (2 * VARIANCE))


def inside(planes: Tensor, area: Area, scale: int = 1) -> Tensor:
    """The part `[..., h, w]` of planes that have `scale` values along a cell's side; a view."""
    rows = slice(scale * area.y, scale * (area.y + area.height))
    return planes[..., rows, scale * area.x : scale * (area.x + area.width)]
