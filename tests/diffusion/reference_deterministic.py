"""The deterministic samplers from their papers in float64; weights of multistep by quadrature."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import exp, log, sqrt

import numpy as np
from scipy.integrate import quad
from torch import Tensor

from tests.diffusion.reference_solvers import Draw, Pair, lagrange_integral, split


def euler(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """DDIM of 2010.02502 in sigma: x is clean + sigma * noise."""
    for now, after in pairwise(sigmas):
        clean = model(x, now)[0]
        x = clean + after * (x - clean) / now
    return x


def euler_ancestral(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """The same to a lower level, then up."""
    for now, after in pairwise(sigmas):
        clean = model(x, now)[0]
        if after == 0:
            return clean
        down, up = split(now, after)
        x = clean + down * (x - clean) / now + up * draw()
    return x


def heun(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """Algorithm 1 of 2206.00364."""
    for now, after in pairwise(sigmas):
        d = (x - model(x, now)[0]) / now
        ahead = x + (after - now) * d
        if after > 0:
            ahead = x + (after - now) * (d + (ahead - model(ahead, after)[0]) / after) / 2
        x = ahead
    return x


def dpm_2(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """DPM-Solver-2 of 2206.00927 without its exponential: the slope at the geometric middle."""
    for now, after in pairwise(sigmas):
        d = (x - model(x, now)[0]) / now
        if after > 0:
            middle = exp((log(now) + log(after)) / 2)
            half = x + (middle - now) * d
            d = (half - model(half, middle)[0]) / middle
        x = x + (after - now) * d
    return x


def lms(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """Adams-Bashforth of order 4 over sigma."""
    slopes: list[Tensor] = []
    places: list[float] = []
    for now, after in pairwise(sigmas):
        clean = model(x, now)[0]
        if after == 0:
            return clean
        slopes, places = [(x - clean) / now, *slopes][:4], [now, *places][:4]
        for j, d in enumerate(slopes):
            x = x + lagrange_integral(places, j, now, after, lambda s: 1.0) * d
    return x


def dpmpp_2m(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """Algorithm 2 of 2211.01095: the denoised extrapolated to the middle of the step."""
    old, h_old = None, 0.0
    for now, after in pairwise(sigmas):
        clean = model(x, now)[0]
        if after == 0:
            return clean
        h = log(now / after)
        guess = clean if old is None else clean + h / (2 * h_old) * (clean - old)
        x = after / now * x + (1 - after / now) * guess
        old, h_old = clean, h
    return x


def unipc(scale: Callable[[float], float]):  # type: ignore[no-untyped-def]
    """UniPC of 2302.04867, data prediction, with B(h) = `scale`."""

    def run(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
        levels = [s or 0.001 for s in sigmas]
        last = len(levels) - 1
        values = [model(x, levels[0])[0]]
        x = x / sqrt(1 + levels[0] ** 2)
        for step in range(1, last + 1):
            order = min(3, last - 1, step, last + 1 - step) if last > 1 else 1
            now, after = levels[step - 1], levels[step]
            h, alpha = log(now / after), 1 / sqrt(1 + after**2)
            r = [-log(levels[step - 1 - k] / now) / h for k in range(1, order)] + [1.0]
            b = [
                quad(lambda s, i=i, h=h: -h * exp(-h * (1 - s)) * s**i, 0, 1)[0] / scale(h)
                for i in range(1, order + 1)
            ]
            rows = np.array([[value**k for value in r] for k in range(order)])
            corrector = np.linalg.solve(rows, b) if order > 1 else np.array([0.5])
            inner = np.linalg.solve(rows[:-1, :-1], b[:-1]) if order > 2 else np.array([0.5])
            differences = [(values[-1 - k] - values[-1]) / r[k - 1] for k in range(1, order)]
            base = (after * alpha) / (now / sqrt(1 + now**2)) * x
            base = base + alpha * (1 - exp(-h)) * values[-1]
            ahead = base
            for weight, difference in zip(inner, differences, strict=False):
                ahead = ahead - alpha * scale(h) * float(weight) * difference
            if step == last:
                return ahead / alpha
            clean = model(ahead / alpha, after)[0]
            x = base
            for weight, difference in zip(
                corrector, [*differences, clean - values[-1]], strict=True
            ):
                x = x - alpha * scale(h) * float(weight) * difference
            values.append(clean)
        return x

    return run


DETERMINISTIC = {
    "euler": euler,
    "ddim": euler,
    "euler_ancestral": euler_ancestral,
    "heun": heun,
    "dpm_2": dpm_2,
    "lms": lms,
    "dpmpp_2m": dpmpp_2m,
    "uni_pc": unipc(lambda h: -h),
    "uni_pc_bh2": unipc(lambda h: exp(-h) - 1),
}
