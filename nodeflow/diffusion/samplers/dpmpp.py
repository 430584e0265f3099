"""DPM-Solver++ without noise and with ancestral noise (arXiv 2211.01095), in t = -log sigma."""

from collections.abc import Sequence
from math import expm1, log

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import (
    ModelCall,
    Sampling,
    ancestral_split,
    log_middle,
    slope,
)


def dpmpp_2s_ancestral(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, eta: float = 1.0, s_noise: float = 1.0
) -> Sampling:
    """Second order, single step, r = 1/2; noise only where the next sigma is above 0."""
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        down, up = ancestral_split(sigma, sigma_next, eta)
        if down == 0.0:
            x = x + slope(x, denoised, sigma) * (down - sigma)
        else:
            h = log(sigma) - log(down)
            middle = log_middle(sigma, down)
            between = (middle / sigma) * x - expm1(-h / 2) * denoised
            denoised = yield ModelCall(between, middle, i)
            x = (down / sigma) * x - expm1(-h) * denoised
        if sigma_next > 0:
            x = x + noise(x, sigma, sigma_next) * (s_noise * up)
    return x


def dpmpp_2m(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """Second order, multistep; first order at the start and on the step to 0."""
    old: Tensor | None = None
    h_last = 0.0
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        if sigma_next == 0.0:
            x = denoised
        else:
            h = log(sigma) - log(sigma_next)
            guess = denoised
            if old is not None:
                r = h_last / h
                guess = (1 + 1 / (2 * r)) * denoised - 1 / (2 * r) * old
            x = (sigma_next / sigma) * x - expm1(-h) * guess
            h_last = h
        old = denoised
    return x
