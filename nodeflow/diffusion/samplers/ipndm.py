"""iPNDM (Zhang and Chen, arXiv 2204.13902; diff-sampler): Adams-Bashforth on the slopes."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling, slope

EQUAL_STEPS = {
    1: (1.0,),
    2: (3 / 2, -1 / 2),
    3: (23 / 12, -16 / 12, 5 / 12),
    4: (55 / 24, -59 / 24, 37 / 24, -9 / 24),
}


def equal_weights(levels: Sequence[float]) -> Sequence[float]:
    """As if all steps were of one length. `levels`: newest first, the level ahead leading."""
    return EQUAL_STEPS[len(levels) - 1]


def uneven_weights(levels: Sequence[float]) -> Sequence[float]:
    """Weights of the slopes for the lengths of the steps.

    As diff-sampler publishes them, and as people's pictures have them: exact Adams-Bashforth
    for order 2, for order 3 at equal steps only, while the term of order 4 is a little larger
    than Adams-Bashforth's even there.
    """
    h = [a - b for a, b in pairwise(levels)]
    order = len(h)
    weights = [1.0, 0.0, 0.0, 0.0]
    if order > 1:
        half = h[0] / h[1] / 2
        weights[0] += half
        weights[1] -= half
    if order > 2:
        a, b = h[0] + h[1], h[1] + h[2]
        extra = (1 - h[0] / (3 * a) * (h[0] * a) / (h[1] * b)) / 2
        ratio = h[1] / h[2]
        weights[0] += extra
        weights[1] -= (1 + ratio) * extra
        weights[2] += ratio * extra
    if order > 3:
        c, d = a + h[2], b + h[3]
        share = (1 - h[0] / (3 * a)) / 2 + (1 - h[0] / (2 * a)) * h[0] / (6 * c)
        extra = share * (h[0] * a * c) / (h[1] * b * d)
        far = h[1] * b / (h[2] * (h[2] + h[3]))
        weights[0] += extra
        weights[1] -= (1 + ratio + far) * extra
        weights[2] += (ratio + far * (1 + h[2] / h[3])) * extra
        weights[3] -= far * ratio * extra
    return weights[:order]


def _ipndm(
    x: Tensor, sigmas: Sequence[float], weights: Callable[[Sequence[float]], Sequence[float]]
) -> Sampling:
    slopes: list[Tensor] = []
    for i in range(len(sigmas) - 1):
        denoised = yield ModelCall(x, sigmas[i], i)
        slopes = [slope(x, denoised, sigmas[i]), *slopes[:3]]
        if sigmas[i + 1] == 0.0:
            x = denoised
        else:
            levels = sigmas[i + 1 - len(slopes) : i + 2][::-1]
            step = sigmas[i + 1] - sigmas[i]
            for weight, d in zip(weights(levels), slopes, strict=True):
                x = x + step * weight * d
    return x


def ipndm(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """Up to order 4 with the weights of equal steps; the step to 0 gives the denoised itself."""
    return _ipndm(x, sigmas, equal_weights)


def ipndm_v(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """Up to order 4 with weights for steps of any length."""
    return _ipndm(x, sigmas, uneven_weights)
