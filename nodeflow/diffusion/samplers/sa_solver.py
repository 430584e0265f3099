"""SA-Solver (arXiv 2309.05019): stochastic Adams predictor and corrector, data prediction."""

import math
from collections.abc import Sequence
from functools import partial
from math import exp, expm1, inf, log

import numpy as np
from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling


def adams_weights(places: Sequence[float], start: float, end: float, tau: float) -> list[float]:
    """`(1 + tau²)` times the integral of `exp((1 + tau²)(l - end))` with each Lagrange polynomial.

    places: lambda of the values; the integral goes over l from `start` to `end`.
    """
    rate, order = 1 + tau**2, len(places)
    moments: list[float] = []
    for p in range(order):
        # By parts, in u = l - end: of u**p, from start - end to 0.
        low = start - end
        edge = (1.0 if p == 0 else 0.0) - low**p * exp(rate * low)
        moments.append(edge - (p / rate * moments[p - 1] if p else 0.0))
    matrix = np.vander([place - end for place in places], order, increasing=True).T
    return [float(w) for w in np.linalg.solve(matrix, np.array(moments))]


def simple_weights(
    places: Sequence[float], start: float, end: float, tau: float, corrector: bool
) -> list[float]:
    """The published shortcut for order 2, oldest first."""
    h, rate = end - start, 1 + tau**2
    whole = -expm1(-rate * h)
    if corrector:
        return [whole - 0.5 * rate * h, 0.5 * rate * h]
    older = 0.5 * rate * h**2 / (places[-2] - start)
    return [older, whole - older]


def sa_solver(
    x: Tensor,
    sigmas: Sequence[float],
    noise: StepNoise,
    *,
    eta: float = 1.0,
    sde_start: float = inf,
    sde_end: float = 0.0,
    s_noise: float = 1.0,
    predictor_order: int = 3,
    corrector_order: int = 4,
    use_pece: bool = False,
    simple_order_2: bool = False,
) -> Sampling:
    """tau is `eta` where the next sigma lies from `sde_end` to `sde_start`, else 0.

    Orders fall towards the end where that is 0. use_pece: evaluates the corrected x too.
    """
    lambdas = [-log(s) if s > 0 else inf for s in sigmas]
    last = len(sigmas) - 1
    lower_at_end = sigmas[-1] == 0.0
    values: list[Tensor] = []
    predicted, tau, added = x, 0.0, None

    def moved(base: Tensor, i: int, order: int, corrector: bool) -> Tensor:
        """From sigma i to i + 1, with the newest values up to i (corrector: i + 1)."""
        newest = i + 1 if corrector else i
        places = lambdas[newest - order + 1 : newest + 1]
        start, end = lambdas[i], lambdas[i + 1]
        if simple_order_2 and order == 2:
            weights = simple_weights(places, start, end, tau, corrector)
        else:
            weights = adams_weights(places, start, end, tau)
        result = sigmas[i + 1] / sigmas[i] * exp(-(tau**2) * (end - start)) * base
        for weight, value in zip(weights, values[-order:], strict=True):
            result = result + weight * value
        return result if added is None else result + added

    for i in range(last):
        denoised = yield ModelCall(predicted, sigmas[i], i)
        values = [*values, denoised][-max(predictor_order, corrector_order) :]
        predictor = min(predictor_order, len(values))
        corrects = i > 0 and (sigmas[i + 1] > 0 or use_pece)
        corrector = min(corrector_order, len(values)) if corrects else 0
        if lower_at_end:
            predictor, corrector = min(predictor, last - 1 - i), min(corrector, last - i)
        if corrector == 0:
            x = predicted
        else:
            x = moved(x, i - 1, corrector, corrector=True)
            if use_pece:
                denoised = yield ModelCall(x, sigmas[i], i)
                values[-1] = denoised
        if sigmas[i + 1] == 0.0:
            return denoised
        tau = eta if sde_end <= sigmas[i + 1] <= sde_start else 0.0
        spread = math.sqrt(-expm1(-2 * tau**2 * (lambdas[i + 1] - lambdas[i])))
        added = None
        if spread * s_noise > 0:
            added = noise(x, sigmas[i], sigmas[i + 1]) * (sigmas[i + 1] * spread * s_noise)
        predicted = moved(x, i, predictor, corrector=False)
    return predicted


sa_solver_pece = partial(sa_solver, use_pece=True)
