"""SEEDS (arXiv 2305.14267): stochastic exponential integrators, data prediction.

In lambda = -log sigma. The stages share one Brownian path: noise up to a stage is carried on
with a factor exp(-eta * length), and the noise of the next stretch is added.
"""

from collections.abc import Sequence
from math import exp, expm1, log, sqrt

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling


def phi_2(h: float) -> float:
    """`(exp(h) - 1 - h) / h`."""
    return (expm1(h) - h) / h


def longer(
    path: Tensor | None, x: Tensor, noise: StepNoise, start: float, end: float, eta: float
) -> Tensor | None:
    """A unit noise path from its first sigma on, carried from `start` to `end`; None at eta 0."""
    if eta <= 0:
        return None
    length = (log(start) - log(end)) * eta
    fresh = noise(x, start, end) * sqrt(-expm1(-2 * length))
    return fresh if path is None else path * exp(-length) + fresh


def stage(
    x: Tensor, sigma: float, end: float, eta: float, guess: Tensor, path: Tensor | None,
    s_noise: float,
) -> Tensor:  # fmt: skip
    """x at `end`, where `guess` is the weighted denoised, with the path's noise."""
    h = log(sigma) - log(end)
    moved = (end / sigma) * exp(-h * eta) * x - guess
    return moved if path is None else moved + path * (end * s_noise)


def seeds_2(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, eta: float = 1.0, s_noise: float = 1.0,
    r: float = 0.5,
) -> Sampling:  # fmt: skip
    """Two stages, the second at `r`; the step to 0 gives the denoised itself."""
    for i in range(len(sigmas) - 1):
        sigma, after = sigmas[i], sigmas[i + 1]
        first = yield ModelCall(x, sigma, i)
        if after == 0.0:
            return first
        h = log(sigma) - log(after)
        whole = h * (eta + 1)
        middle = exp(log(sigma) - r * h)
        path = longer(None, x, noise, sigma, middle, eta)
        between = stage(x, sigma, middle, eta, expm1(-r * whole) * first, path, s_noise)
        second = yield ModelCall(between, middle, i)
        path = longer(path, x, noise, middle, after, eta)
        mixed = (1 - 1 / (2 * r)) * first + second / (2 * r)
        x = stage(x, sigma, after, eta, expm1(-whole) * mixed, path, s_noise)
    return x


def seeds_3(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *, eta: float = 1.0, s_noise: float = 1.0,
    r_1: float = 1 / 3, r_2: float = 2 / 3,
) -> Sampling:  # fmt: skip
    """Three stages, at `r_1` and `r_2`."""
    for i in range(len(sigmas) - 1):
        sigma, after = sigmas[i], sigmas[i + 1]
        first = yield ModelCall(x, sigma, i)
        if after == 0.0:
            return first
        h = log(sigma) - log(after)
        whole = h * (eta + 1)
        near, far = exp(log(sigma) - r_1 * h), exp(log(sigma) - r_2 * h)
        path = longer(None, x, noise, sigma, near, eta)
        between = stage(x, sigma, near, eta, expm1(-r_1 * whole) * first, path, s_noise)
        second = yield ModelCall(between, near, i)
        path = longer(path, x, noise, near, far, eta)
        late = r_2 / r_1 * phi_2(-r_2 * whole)
        guess = (expm1(-r_2 * whole) - late) * first + late * second
        third = yield ModelCall(stage(x, sigma, far, eta, guess, path, s_noise), far, i)
        path = longer(path, x, noise, far, after, eta)
        late = phi_2(-whole) / r_2
        guess = (expm1(-whole) - late) * first + late * third
        x = stage(x, sigma, after, eta, guess, path, s_noise)
    return x
