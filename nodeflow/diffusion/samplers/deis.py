"""DEIS, "tab" (arXiv 2204.13902; diff-sampler): polynomials in the time of a VP process."""

from collections.abc import Sequence
from math import log, sqrt

import numpy as np
from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling, slope

POINTS = 10_000
ORDER = 3
EPS_S, SIGMA_MIN, SIGMA_MAX = 1e-3, 0.002, 80.0
_HIGH = log(SIGMA_MAX**2 + 1)
BETA_D = 2 * (log(SIGMA_MIN**2 + 1) / EPS_S - _HIGH) / (EPS_S - 1)
BETA_MIN = _HIGH - 0.5 * BETA_D


def vp_time(sigma: float) -> float:
    """The time at which a VP process with sigma 0.002 to 80 has this sigma."""
    return (sqrt(BETA_MIN**2 + 2 * BETA_D * log(sigma**2 + 1)) - BETA_MIN) / BETA_D


def tab_weights(times: Sequence[float], end: float) -> list[float]:
    """Integrals of dsigma/dt times each Lagrange polynomial, from `times[0]` to `end`.

    `times`: newest first. A plain sum over 10,000 points, as published.
    """
    taus = np.linspace(times[0], end, POINTS)
    log_alpha = -0.5 * BETA_D * taus**2 - BETA_MIN * taus
    alpha = np.exp(log_alpha)
    speed = 0.5 * (BETA_D * taus + BETA_MIN) / np.sqrt(alpha * (1 - alpha))
    weights = []
    for j, own in enumerate(times):
        others = [t for k, t in enumerate(times) if k != j]
        polynomial = np.prod([(taus - t) / (own - t) for t in others], axis=0)
        weights.append(float((speed * polynomial).sum() * (end - times[0]) / POINTS))
    return weights


def deis(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """Up to order 3; Euler on the first step and on the step to 0."""
    slopes: list[Tensor] = []
    for i in range(len(sigmas) - 1):
        denoised = yield ModelCall(x, sigmas[i], i)
        slopes = [slope(x, denoised, sigmas[i]), *slopes[: ORDER - 1]]
        if len(slopes) == 1 or sigmas[i + 1] == 0.0:
            x = x + slopes[0] * (sigmas[i + 1] - sigmas[i])
        else:
            times = [vp_time(sigmas[i - k]) for k in range(len(slopes))]
            for weight, d in zip(tab_weights(times, vp_time(sigmas[i + 1])), slopes, strict=True):
                x = x + weight * d
    return x
