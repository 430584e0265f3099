"""DPM-Solver (arXiv 2206.00927), noise prediction, in t = -log sigma, after k-diffusion.

Both run from the first sigma to the last one above 0.
"""

import math
from collections.abc import Generator, Sequence
from math import atan, exp, expm1, log
from typing import Literal, TypeAlias

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.step import ModelCall, Sampling, ancestral_split, slope

Stage: TypeAlias = Generator[ModelCall, Tensor, Tensor]

REFUSALS = 100
"""So many steps refused one after the other, each shorter than the last, mean that none will do."""


def noise_at(x: Tensor, t: float, step: int) -> Stage:
    """The predicted noise."""
    denoised = yield ModelCall(x, exp(-t), step)
    return slope(x, denoised, exp(-t))


def first(x: Tensor, t: float, end: float, eps: Tensor) -> Tensor:
    """DPM-Solver-1."""
    return x - exp(-end) * expm1(end - t) * eps


def second(x: Tensor, t: float, end: float, eps: Tensor, middle: Tensor, r: float) -> Tensor:
    """DPM-Solver-2 from the noise at the start and at the part `r`."""
    return first(x, t, end, eps) - exp(-end) / (2 * r) * expm1(end - t) * (middle - eps)


def third(
    x: Tensor, t: float, end: float, eps: Tensor, near: Tensor, step: int
) -> Generator[ModelCall, Tensor, Tensor]:
    """DPM-Solver-3 from the noise at the start and at one third; asks at two thirds."""
    h = end - t
    s, part = t + 2 / 3 * h, 2 / 3 * h
    weight = exp(-s) * 2 * (expm1(part) / part - 1)
    far = yield from noise_at(first(x, t, s, eps) - weight * (near - eps), s, step)
    return first(x, t, end, eps) - exp(-end) * 1.5 * (expm1(h) / h - 1) * (far - eps)


def ends(sigmas: Sequence[float]) -> tuple[float, float]:
    """t at the first sigma and at the last above 0."""
    return -log(sigmas[0]), -log([s for s in sigmas if s > 0][-1])


def dpm_fast(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """Third order steps, equal in t, for as many network calls as there are intervals."""
    start, end = ends(sigmas)
    calls = len(sigmas) - 1
    count = calls // 3 + 1
    orders = [3] * (count - 2) + [2, 1] if calls % 3 == 0 else [3] * (count - 1) + [calls % 3]
    done = 0
    for i, order in enumerate(orders):
        t, after = start + (end - start) * i / count, start + (end - start) * (i + 1) / count
        eps = yield from noise_at(x, t, done)
        if order == 1:
            x = first(x, t, after, eps)
        else:
            r = 1 / order
            s = t + r * (after - t)
            near = yield from noise_at(first(x, t, s, eps), s, done + 1)
            if order == 2:
                x = second(x, t, after, eps, near, r)
            else:
                x = yield from third(x, t, after, eps, near, done + 2)
        done += order
    return x


def dpm_adaptive(
    x: Tensor,
    sigmas: Sequence[float],
    noise: StepNoise,
    *,
    order: Literal[2, 3] = 3,
    rtol: float = 0.05,
    atol: float = 0.0078,
    h_init: float = 0.05,
    pcoeff: float = 0.0,
    icoeff: float = 1.0,
    dcoeff: float = 0.0,
    accept_safety: float = 0.81,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Sampling:
    """Steps as long as the error of two orders allows, by a PID controller.

    The error is the whole batch's, so an image's steps depend on its company. Raises ValueError
    where no step is good enough: the options allow none, or the model's answers are no numbers.
    """
    start, end = ends(sigmas)
    steps = len(sigmas) - 1
    expected = 1.5 if eta else order
    powers = (
        (pcoeff + icoeff + dcoeff) / expected,
        -(pcoeff + 2 * dcoeff) / expected,
        dcoeff / expected,
    )
    history: list[float] = []
    s, h, before, refused = start, h_init, x, 0
    while s < end - 1e-5:
        if s + h == s or refused == REFUSALS:
            raise ValueError(
                f"dpm_adaptive finds no step from sigma {exp(-s):g} that is good enough: with "
                f"rtol {rtol:g}, atol {atol:g}, h_init {h_init:g} and accept_safety "
                f"{accept_safety:g}; the defaults are 0.05, 0.0078, 0.05 and 0.81"
            )
        t = min(end, s + h)
        down, up = t, 0.0
        if eta:
            low, _ = ancestral_split(exp(-s), exp(-t), eta)
            down = min(end, -log(low)) if low > 0 else end
            up = math.sqrt(max(exp(-2 * t) - exp(-2 * down), 0.0))
        step = min(steps - 1, int(steps * (s - start) / (end - start)))
        eps = yield from noise_at(x, s, step)
        r = 1 / order
        middle = s + r * (down - s)
        near = yield from noise_at(first(x, s, middle, eps), middle, step)
        if order == 2:
            lower, higher = first(x, s, down, eps), second(x, s, down, eps, near, r)
        else:
            lower = second(x, s, down, eps, near, r)
            higher = yield from third(x, s, down, eps, near, step)
        scale = (rtol * lower.abs().maximum(before.abs())).clamp(min=atol)
        error = float(((lower - higher) / scale).norm()) / math.sqrt(x.numel())
        inverse = 1 / (error + 1e-8)
        history = [inverse, *history[1:]] if history else [inverse] * 3
        factor = math.prod(e**p for e, p in zip(history, powers, strict=True))
        factor = 1 + atan(factor - 1)
        if factor >= accept_safety:
            before, x = lower, higher
            if up * s_noise > 0:
                x = x + noise(x, exp(-s), exp(-t)) * (s_noise * up)
            s, history, refused = t, [history[0], history[0], history[1]], 0
        else:
            refused += 1
        h *= factor
    return x
