"""DPM-Solver++ for the SDE (arXiv 2211.01095, appendix; k-diffusion), Brownian noise."""

from collections.abc import Sequence
from functools import partial
from math import exp, expm1, log, sqrt
from typing import Literal

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling, ancestral_split


def gain(sigma: float, down: float) -> float:
    """Weight of the denoised in the step from `sigma` down to `down`, which may be 0."""
    return -expm1(log(down) - log(sigma)) if down > 0 else 1.0


def dpmpp_sde(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, eta: float = 1.0, s_noise: float = 1.0,
    r: float = 0.5,
) -> Sampling:  # fmt: skip
    """Single step with a stage at `r`, each half with its own share of noise.

    Raises ValueError where `r` gives no level below the step's first.
    """
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        if sigma_next == 0.0:
            x = denoised
            continue
        middle = exp((1 - r) * log(sigma) + r * log(sigma_next)) if r > 0 else sigma
        if not 0.0 < middle < sigma:
            raise ValueError(
                f"r = {r:g} puts the second evaluation of a step from sigma {sigma:g} to "
                f"{sigma_next:g} at sigma {middle:g}: choose r above 0 and not above 1"
            )
        down, up = ancestral_split(sigma, middle, eta)
        between = (down / sigma) * x + gain(sigma, down) * denoised
        between = between + noise(x, sigma, middle) * (s_noise * up)
        second = yield ModelCall(between, middle, i)
        down, up = ancestral_split(sigma, sigma_next, eta)
        factor = 1 / (2 * r)
        guess = (1 - factor) * denoised + factor * second
        x = (down / sigma) * x + gain(sigma, down) * guess
        x = x + noise(x, sigma, sigma_next) * (s_noise * up)
    return x


def dpmpp_2m_sde(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, eta: float = 1.0, s_noise: float = 1.0,
    solver_type: Literal["midpoint", "heun"] = "midpoint",
) -> Sampling:  # fmt: skip
    """Multistep, second order by the midpoint rule or by Heun's."""
    old: Tensor | None = None
    h_last = 0.0
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        if sigma_next == 0.0:
            x = denoised
        else:
            h = log(sigma) - log(sigma_next)
            eta_h = eta * h
            x = (sigma_next / sigma) * exp(-eta_h) * x - expm1(-h - eta_h) * denoised
            if old is not None:
                change = (denoised - old) * (h / h_last)
                if solver_type == "heun":
                    x = x + (expm1(-h - eta_h) / (h + eta_h) + 1) * change
                else:
                    x = x - 0.5 * expm1(-h - eta_h) * change
            spread = sigma_next * sqrt(-expm1(-2 * eta_h)) * s_noise
            if spread > 0:
                x = x + noise(x, sigma, sigma_next) * spread
            h_last = h
        old = denoised
    return x


dpmpp_2m_sde_heun = partial(dpmpp_2m_sde, solver_type="heun")


def dpmpp_3m_sde(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, eta: float = 1.0, s_noise: float = 1.0
) -> Sampling:
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
        total = h * (eta + 1)
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
        spread = sigma_next * sqrt(-expm1(-2 * h * eta)) * s_noise
        if spread > 0:
            x = x + noise(x, sigma, sigma_next) * spread
        older, lengths = [denoised, *older[:1]], [h, *lengths[:1]]
    return x
