"""DPM-Solver++ for the SDE (arXiv 2211.01095, appendix; k-diffusion), Brownian noise."""

from collections.abc import Sequence
from math import exp, expm1, log, sqrt

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling, ancestral_split

R = 1 / 2
ETA = 1.0


def dpmpp_sde(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """Single step with a stage at r = 1/2, each half with its own share of noise."""
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        if sigma_next == 0.0:
            x = denoised
            continue
        middle = exp((1 - R) * log(sigma) + R * log(sigma_next))
        down, up = ancestral_split(sigma, middle, ETA)
        between = (down / sigma) * x - expm1(log(down) - log(sigma)) * denoised
        between = between + noise(x, sigma, middle) * up
        second = yield ModelCall(between, middle, i)
        down, up = ancestral_split(sigma, sigma_next, ETA)
        factor = 1 / (2 * R)
        guess = (1 - factor) * denoised + factor * second
        x = (down / sigma) * x - expm1(log(down) - log(sigma)) * guess
        x = x + noise(x, sigma, sigma_next) * up
    return x


def _dpmpp_2m_sde(x: Tensor, sigmas: Sequence[float], noise: StepNoise, heun: bool) -> Sampling:
    old: Tensor | None = None
    h_last = 0.0
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        if sigma_next == 0.0:
            x = denoised
        else:
            h = log(sigma) - log(sigma_next)
            eta_h = ETA * h
            x = (sigma_next / sigma) * exp(-eta_h) * x - expm1(-h - eta_h) * denoised
            if old is not None:
                change = (denoised - old) * (h / h_last)
                if heun:
                    x = x + (expm1(-h - eta_h) / (h + eta_h) + 1) * change
                else:
                    x = x - 0.5 * expm1(-h - eta_h) * change
            x = x + noise(x, sigma, sigma_next) * (sigma_next * sqrt(-expm1(-2 * eta_h)))
            h_last = h
        old = denoised
    return x


def dpmpp_2m_sde(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """Multistep, second order by the midpoint rule."""
    return _dpmpp_2m_sde(x, sigmas, noise, heun=False)


def dpmpp_2m_sde_heun(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """Multistep, second order by Heun's rule."""
    return _dpmpp_2m_sde(x, sigmas, noise, heun=True)


def dpmpp_3m_sde(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """Multistep, third order."""
    older: list[Tensor] = []
    lengths: list[float] = []
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        if sigma_next == 0.0:
            x = denoised
            continue
        h = log(sigma) - log(sigma_next)
        total = h * (ETA + 1)
        x = exp(-total) * x - expm1(-total) * denoised
        phi_2 = expm1(-total) / total + 1
        if len(older) >= 2:
            r0, r1 = lengths[0] / h, lengths[1] / h
            near = (denoised - older[0]) / r0
            far = (older[0] - older[1]) / r1
            first = near + (near - far) * (r0 / (r0 + r1))
            second = (near - far) / (r0 + r1)
            x = x + phi_2 * first - (phi_2 / total - 0.5) * second
        elif older:
            x = x + phi_2 * (denoised - older[0]) / (lengths[0] / h)
        x = x + noise(x, sigma, sigma_next) * (sigma_next * sqrt(-expm1(-2 * h * ETA)))
        older, lengths = [denoised, *older[:1]], [h, *lengths[:1]]
    return x
