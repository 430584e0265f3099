"""CFG++ (arXiv 2406.08070): to the guided denoised, along the direction of the unguided one."""

from collections.abc import Sequence
from functools import partial
from math import exp, expm1, log

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import (
    ModelCall,
    Sampling,
    ancestral_split,
    log_middle,
    slope,
)


def euler_ancestral_cfg_pp(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, eta: float = 1.0, s_noise: float = 1.0
) -> Sampling:
    """First order; noise up to the next level, none on the step to 0."""
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised, unguided = yield ModelCall(x, sigma, i, both=True)
        down, up = ancestral_split(sigma, sigma_next, eta)
        x = denoised + slope(x, unguided, sigma) * down
        if up * s_noise > 0:
            x = x + noise(x, sigma, sigma_next) * (s_noise * up)
    return x


euler_cfg_pp = partial(euler_ancestral_cfg_pp, eta=0.0)


def euler_pp(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """The form that the node SamplerEulerCFGpp calls regular: the slope from a shifted x."""
    for i in range(len(sigmas) - 1):
        denoised, unguided = yield ModelCall(x, sigmas[i], i, both=True)
        shifted = x - denoised + unguided
        x = x + slope(shifted, denoised, sigmas[i]) * (sigmas[i + 1] - sigmas[i])
    return x


def dpmpp_2s_ancestral_cfg_pp(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, eta: float = 1.0, s_noise: float = 1.0
) -> Sampling:
    """DPM-Solver++(2S), r = 1/2, from an x shifted by guided minus newest unguided."""
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised, unguided = yield ModelCall(x, sigma, i, both=True)
        down, up = ancestral_split(sigma, sigma_next, eta)
        if down == 0.0:
            x = denoised
        else:
            h = log(sigma) - log(down)
            middle = log_middle(sigma, down)
            between = (middle / sigma) * (x + denoised - unguided) - expm1(-h / 2) * denoised
            second, unguided = yield ModelCall(between, middle, i, both=True)
            x = (down / sigma) * (x + denoised - unguided) - expm1(-h) * second
        if up * s_noise > 0:
            x = x + noise(x, sigma, sigma_next) * (s_noise * up)
    return x


def dpmpp_2m_cfg_pp(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """DPM-Solver++(2M); the correction compares with the last unguided denoised."""
    old: Tensor | None = None
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised, unguided = yield ModelCall(x, sigma, i, both=True)
        if sigma_next == 0.0:
            x = denoised
            break
        h = log(sigma) - log(sigma_next)
        step = denoised + exp(-h) * (x - unguided)
        if old is not None:
            r = (log(sigmas[i - 1]) - log(sigma)) / h
            step = step - expm1(-h) / (2 * r) * (denoised - old)
        x, old = step, unguided
    return x
