"""Rescaled guidance (arXiv 2305.08891, section 3.4): no stronger contrast than the prompt's own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from nodeflow.diffusion.recipe import Patch


@dataclass(frozen=True, slots=True)
class RescaleCfg(Patch):
    """`multiplier` of the rescaled result, the rest of the plain one."""

    multiplier: float


def rescale_of(patches: Sequence[Patch]) -> float:
    """The multiplier of the last such patch; 0 without one."""
    return next((p.multiplier for p in reversed(patches) if isinstance(p, RescaleCfg)), 0.0)


def rescaled(x: Tensor, sigma: float, wanted: Tensor, guided: Tensor, multiplier: float) -> Tensor:
    """The guided denoised, brought towards the deviation that the positive side has alone.

    Deviations are those of the velocity, for each image.
    """
    root = math.sqrt(sigma**2 + 1)

    def velocity(denoised: Tensor) -> Tensor:
        return (x / root**2 - denoised) * (root / sigma)

    own, both = velocity(wanted), velocity(guided)
    dims = (1, 2, 3)
    factor = own.std(dims, keepdim=True) / both.std(dims, keepdim=True)
    mixed = both * (multiplier * factor + (1 - multiplier))
    return x / root**2 - mixed * (sigma / root)
