"""Smaller features in the first steps: one composition in pictures above the training size.

The features below one step of the way down are scaled down while the noise is high, and scaled up
again where they meet the skip of that step (Kohya S., "deep shrink", 2023; without a paper).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from nodeflow.diffusion.recipe import Patch
from nodeflow.diffusion.resize import resize
from nodeflow.diffusion.unet.interventions import Interventions, Place

Resampling = Literal["bicubic", "nearest-exact", "bilinear", "area", "bislerp"]


@dataclass(frozen=True, slots=True)
class Downscale(Patch):
    """Features are divided by `factor` from skip number `block` on.

    start_percent, end_percent: the part of the sampling in which it acts, 0 is its beginning.
    after_skip: the skip itself keeps its size.
    """

    block: int
    factor: float
    start_percent: float
    end_percent: float
    after_skip: bool
    down: Resampling
    up: Resampling


def downscaling(patches: Sequence[Downscale]) -> Interventions:
    """The interventions of those that act."""

    def made(number: int, h: Tensor) -> tuple[Tensor, Tensor]:
        skip = h
        for patch in patches:
            if patch.block == number:
                rows, columns = h.shape[-2:]
                size = round(columns / patch.factor), round(rows / patch.factor)
                h = resize(h, max(size[0], 1), max(size[1], 1), patch.down)
                skip = skip if patch.after_skip else h
        return skip, h

    def joined(place: Place, h: Tensor, skip: Tensor) -> tuple[Tensor, Tensor]:
        if h.shape[-2:] != skip.shape[-2:]:
            h = resize(h, skip.shape[-1], skip.shape[-2], patches[-1].up)
        return h, skip

    return Interventions(skip_filter=joined, skip_maker=made)
