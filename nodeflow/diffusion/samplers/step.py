"""What samplers and their driver say to each other."""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise


@dataclass(frozen=True, eq=False, slots=True)
class ModelCall:
    """A wish for the denoised `x` at noise level `sigma`, within step `step` (from 0).

    both: the answer is `[2, *x.shape]`, the guided denoised and the unconditional one, which is
    then evaluated even where guidance alone would skip it (CFG++, arXiv 2406.08070).
    """

    x: Tensor
    sigma: float
    step: int
    both: bool = False


Sampling: TypeAlias = Generator[ModelCall, Tensor, Tensor]
"""Yields calls, is sent denoised latents, returns the last x."""


Sampler: TypeAlias = Callable[[Tensor, Sequence[float], StepNoise], Sampling]
"""(x at the first sigma, sigmas, noise of the steps); options are keywords with defaults."""


def slope(x: Tensor, denoised: Tensor, sigma: float) -> Tensor:
    """dx/dsigma of the probability flow (arXiv 2206.00364, equation 3)."""
    return (x - denoised) / sigma


def ancestral_split(sigma: float, sigma_next: float, eta: float = 1.0) -> tuple[float, float]:
    """The level to step down to, and the noise to add, to arrive at `sigma_next`."""
    if sigma_next == 0.0:
        return 0.0, 0.0
    variance = sigma_next**2 * (sigma**2 - sigma_next**2) / sigma**2
    up = min(sigma_next, eta * math.sqrt(max(variance, 0.0)))
    return math.sqrt(sigma_next**2 - up**2), up


def log_middle(a: float, b: float) -> float:
    """The geometric mean."""
    return math.sqrt(a * b)
