"""UniPC, a predictor and corrector of one order on the same points (arXiv 2302.04867).

Predicts x0, multistep, in variance-preserving coordinates: alpha = 1 / sqrt(1 + sigma²),
lambda = -log sigma. A final sigma of 0 is taken as 0.001, which gives order 1 there.
"""

from collections.abc import Sequence
from math import expm1, log, sqrt
from typing import Literal

import numpy as np
from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling

Variant = Literal["bh1", "bh2"]
LAST_SIGMA = 0.001


def weights(
    ratios: Sequence[float], h: float, variant: Variant
) -> tuple[list[float], list[float], float, float]:
    """Weights of predictor and corrector, B(h) and phi_1, for the ratios r_1 … r_p = 1."""
    order = len(ratios)
    hh = -h
    phi_1 = expm1(hh)
    scale = hh if variant == "bh1" else phi_1
    phi_k, factorial = phi_1 / hh - 1, 1
    right = []
    for i in range(1, order + 1):
        right.append(phi_k * factorial / scale)
        factorial *= i + 1
        phi_k = phi_k / hh - 1 / factorial
    matrix = np.array([[r**i for r in ratios] for i in range(order)])
    if order == 1:
        return [], [0.5], scale, phi_1
    corrector = np.linalg.solve(matrix, np.array(right))
    if order == 2:
        return [0.5], list(map(float, corrector)), scale, phi_1
    predictor = np.linalg.solve(matrix[:-1, :-1], np.array(right[:-1]))
    return list(map(float, predictor)), list(map(float, corrector)), scale, phi_1


def _unipc(x: Tensor, sigmas: Sequence[float], variant: Variant) -> Sampling:
    sigmas = [*sigmas[:-1], sigmas[-1] or LAST_SIGMA]
    alphas = [1 / sqrt(1 + s**2) for s in sigmas]
    steps = len(sigmas) - 1
    highest = max(1, min(3, steps - 1))
    x = x * alphas[0]
    older = [(yield ModelCall(x / alphas[0], sigmas[0], 0))]
    places = [0]
    for step in range(1, steps + 1):
        order = min(highest, step, steps + 1 - step)
        start = places[0]
        h = log(sigmas[start]) - log(sigmas[step])
        ratios = [(log(sigmas[start]) - log(sigmas[p])) / h for p in places[1:order]] + [1.0]
        changes = [
            (value - older[0]) / ratio
            for value, ratio in zip(older[1:order], ratios[:-1], strict=True)
        ]
        predictor, corrector, scale, phi_1 = weights(ratios, h, variant)
        level = alphas[step] * sigmas[step] / (alphas[start] * sigmas[start])
        base = level * x - alphas[step] * phi_1 * older[0]
        ahead = base
        for weight, change in zip(predictor, changes, strict=True):
            ahead = ahead - alphas[step] * scale * weight * change
        if step == steps:
            x = ahead
            break
        denoised = yield ModelCall(ahead / alphas[step], sigmas[step], step)
        x = base - alphas[step] * scale * corrector[-1] * (denoised - older[0])
        for weight, change in zip(corrector[:-1], changes, strict=True):
            x = x - alphas[step] * scale * weight * change
        older, places = [denoised, *older[:2]], [step, *places[:2]]
    return x / alphas[-1]


def uni_pc(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """B(h) = h."""
    return _unipc(x, sigmas, "bh1")


def uni_pc_bh2(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """B(h) = exp(h) - 1."""
    return _unipc(x, sigmas, "bh2")
