"""Euler steps of the probability flow, with and without fresh noise (arXiv 2206.00364)."""

from collections.abc import Sequence

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling, ancestral_split, slope


def euler(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """First order, deterministic. DDIM is the same step in these coordinates."""
    for i in range(len(sigmas) - 1):
        denoised = yield ModelCall(x, sigmas[i], i)
        x = x + slope(x, denoised, sigmas[i]) * (sigmas[i + 1] - sigmas[i])
    return x


def euler_ancestral(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, eta: float = 1.0, s_noise: float = 1.0
) -> Sampling:
    """Euler to a lower level, then noise up to the next; none on the step to 0."""
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        down, up = ancestral_split(sigma, sigma_next, eta)
        if down == 0.0:
            x = denoised
        else:
            x = x + slope(x, denoised, sigma) * (down - sigma)
            x = x + noise(x, sigma, sigma_next) * (s_noise * up)
    return x
