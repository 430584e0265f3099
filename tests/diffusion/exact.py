"""Normal data, exactly denoised and solved, over Stable Diffusion's schedule."""

import math

from torch import Tensor

from nodeflow.diffusion.schedule.discrete import stable_diffusion

SD = stable_diffusion()
MEAN, SPREAD = 2.0, 0.5


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """The exact denoiser of data that is normal with MEAN and SPREAD."""
    return (x * SPREAD**2 + MEAN * sigma**2) / (SPREAD**2 + sigma**2)


def exact(x: Tensor, start: float, end: float) -> Tensor:
    """The exact solution of the probability flow for that data."""
    ratio = math.sqrt((SPREAD**2 + end**2) / (SPREAD**2 + start**2))
    return MEAN + (x - MEAN) * ratio


def silent(done: int, total: int, denoised: Tensor) -> None:
    """No report."""
