"""More samplers from their papers in float64: exponential integrators, multistep, CFG++.

Written apart from the package: integrals by quadrature, plain loops, no shared code. A model
gives (guided, unguided); `draw` gives the next unit noise.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import exp, expm1, log, sqrt

import numpy as np
from scipy.integrate import quad
from torch import Tensor

Pair = Callable[[Tensor, float], tuple[Tensor, Tensor]]
Draw = Callable[[], Tensor]


def split(now: float, after: float) -> tuple[float, float]:
    """Ancestral step, eta 1."""
    up = sqrt(after**2 * (now**2 - after**2)) / now
    return sqrt(after**2 - up**2), up


def euler_cfg_pp(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """Algorithm 1 of 2406.08070 in sigma: renoise with the unguided noise."""
    for now, after in pairwise(sigmas):
        guided, plain = model(x, now)
        x = guided + after * (x - plain) / now
    return x


def euler_ancestral_cfg_pp(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """The same with ancestral noise."""
    for now, after in pairwise(sigmas):
        guided, plain = model(x, now)
        if after == 0:
            return guided
        down, up = split(now, after)
        x = guided + down * (x - plain) / now + up * draw()
    return x


def dpmpp_2s_ancestral_cfg_pp(
    model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw
) -> Tensor:
    """DPM-Solver++(2S) on x moved by guided - unguided, the unguided always the newest."""
    for now, after in pairwise(sigmas):
        guided, plain = model(x, now)
        if after == 0:
            return guided
        down, up = split(now, after)
        half = sqrt(now * down)
        u = half / now * (x + guided - plain) + (1 - half / now) * guided
        guided_2, plain = model(u, half)
        x = down / now * (x + guided - plain) + (1 - down / now) * guided_2 + up * draw()
    return x


def dpmpp_2m_cfg_pp(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """DPM-Solver++(2M), CFG++."""
    old = None
    for i, (now, after) in enumerate(pairwise(sigmas)):
        guided, plain = model(x, now)
        ratio = after / now
        new = guided + ratio * (x - plain)
        if old is not None and after > 0:
            share = log(now / after) / log(sigmas[i - 1] / now) / 2
            new = new + (1 - ratio) * share * (guided - old)
        x, old = new, plain
    return x


def heunpp2(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """Heun++ as published: two- and three-point means with falling weights."""
    top, last = sigmas[0], len(sigmas) - 1
    for i in range(last):
        s0, s1 = sigmas[i], sigmas[i + 1]
        d0 = (x - model(x, s0)[0]) / s0
        if i == last - 1:
            x = x + d0 * (s1 - s0)
            continue
        x1 = x + d0 * (s1 - s0)
        d1 = (x1 - model(x1, s1)[0]) / s1
        if i == last - 2:
            w = s1 / (2 * top)
            x = x + ((1 - w) * d0 + w * d1) * (s1 - s0)
            continue
        s2 = sigmas[i + 2]
        x2 = x1 + d1 * (s2 - s1)
        d2 = (x2 - model(x2, s2)[0]) / s2
        w1, w2 = s1 / (3 * top), s2 / (3 * top)
        x = x + ((1 - w1 - w2) * d0 + w1 * d1 + w2 * d2) * (s1 - s0)
    return x


def ipndm(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """Adams-Bashforth weights of equal steps, from the integrals of Lagrange polynomials."""
    slopes: list[Tensor] = []
    for now, after in pairwise(sigmas):
        clean = model(x, now)[0]
        if after == 0:
            return clean
        slopes = [(x - clean) / now, *slopes][:4]
        nodes = [-k for k in range(len(slopes))]
        for j, d in enumerate(slopes):
            x = x + (after - now) * lagrange_integral(nodes, j, 0.0, 1.0, lambda s: 1.0) * d
    return x


def lagrange_integral(
    nodes: Sequence[float], j: int, start: float, end: float, weight: Callable[[float], float]
) -> float:
    """Integral of weight times the polynomial that is 1 at node j and 0 at the others."""

    def inside(s: float) -> float:
        value = weight(s)
        for k, node in enumerate(nodes):
            if k != j:
                value *= (s - node) / (nodes[j] - node)
        return value

    return float(quad(inside, start, end, epsabs=1e-13, epsrel=1e-11)[0])


def deis(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """tAB-DEIS of 2204.13902: dx = noise dsigma, noise a polynomial in VP time."""
    high, low = log(80.0**2 + 1), log(0.002**2 + 1)
    beta_d = 2 * (low / 1e-3 - high) / (1e-3 - 1)
    beta_min = high - beta_d / 2

    def sigma_at(t: float) -> float:
        return sqrt(expm1(beta_d * t * t / 2 + beta_min * t))

    def speed(t: float) -> float:
        return (sigma_at(t) ** 2 + 1) * (beta_d * t + beta_min) / (2 * sigma_at(t))

    def time(s: float) -> float:
        return float(max(np.roots([beta_d / 2, beta_min, -log(s**2 + 1)])))

    slopes: list[Tensor] = []
    times: list[float] = []
    for now, after in pairwise(sigmas):
        slopes = [(x - model(x, now)[0]) / now, *slopes][:3]
        times = [time(now), *times][:3]
        if after == 0 or len(slopes) == 1:
            x = x + (after - now) * slopes[0]
            continue
        for j, d in enumerate(slopes):
            x = x + lagrange_integral(times, j, times[0], time(after), speed) * d
    return x


def multistep_res(ancestral: bool, plus: bool):  # type: ignore[no-untyped-def]
    """RES 2M of 2308.02157, with phi functions by quadrature."""

    def run(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
        old, old_end = None, 0.0
        for i, (now, after) in enumerate(pairwise(sigmas)):
            guided, plain = model(x, now)
            base = plain if plus else guided
            if after == 0:
                return guided
            down, up = split(now, after) if ancestral else (after, 0.0)
            if old is None:
                x = guided + down * (x - base) / now
            else:
                h = log(now / down)
                c2 = log(old_end / sigmas[i - 1]) / h
                phi_1 = quad(lambda s, h=h: exp(-h * (1 - s)), 0, 1)[0]
                phi_2 = quad(lambda s, h=h: exp(-h * (1 - s)) * s, 0, 1)[0]
                mixed = (phi_1 - phi_2 / c2) * base + phi_2 / c2 * old
                x = exp(-h) * (x + guided - base) + h * mixed
            if up:
                x = x + up * draw()
            old, old_end = base, down
        return x

    return run


def gradient(plus: bool):  # type: ignore[no-untyped-def]
    """Algorithm of 2306.04848, gamma 2."""

    def run(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
        old = None
        for now, after in pairwise(sigmas):
            guided, plain = model(x, now)
            if after == 0:
                return guided
            noise = (x - (plain if plus else guided)) / now
            better = noise if old is None else 2 * noise - old
            start = guided + now * noise if plus else x
            x = start + (after - now) * better
            old = noise
        return x

    return run


def er_sde(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """VE ER-SDE-Solver-3, equation of 2309.06169, left sums of 200 cells."""

    def phi(s: float) -> float:
        return s * (exp(s**0.3) + 10)

    seen: list[Tensor] = []
    levels: list[float] = []
    firsts: list[Tensor] = []
    for now, after in pairwise(sigmas):
        seen.append(model(x, now)[0])
        levels.append(now)
        if after == 0:
            return seen[-1]
        r = phi(after) / phi(now)
        x = r * x + (1 - r) * seen[-1]
        cells = after + np.arange(200) * (now - after) / 200
        inverse = np.array([1 / phi(c) for c in cells]) * (now - after) / 200
        if len(seen) > 1:
            firsts.append((seen[-1] - seen[-2]) / (now - levels[-2]))
            x = x + (after - now + inverse.sum() * phi(after)) * firsts[-1]
        if len(seen) > 2:
            second = 2 * (firsts[-1] - firsts[-2]) / (now - levels[-3])
            factor = (after - now) ** 2 / 2 + ((cells - now) * inverse).sum() * phi(after)
            x = x + factor * second
        x = x + sqrt(after**2 - now**2 * r**2) * draw()
    return x


def seeds(stages: int):  # type: ignore[no-untyped-def]
    """SEEDS-2 and -3 of 2305.14267 (eta 1): variation of constants with one noise path."""
    places = [0.5] if stages == 2 else [1 / 3, 2 / 3]

    def run(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
        for now, after in pairwise(sigmas):
            first = model(x, now)[0]
            if after == 0:
                return first
            h = log(now / after)
            path, done, latest = None, 0.0, first
            for place in [*places, 1.0]:
                piece = (place - done) * h
                fresh = sqrt(1 - exp(-2 * piece)) * draw()
                path = fresh if path is None else exp(-piece) * path + fresh
                part, level = 2 * place * h, now * exp(-place * h)
                a = 1 - exp(-part)
                if done == 0:
                    mean = a * first
                elif stages == 2:
                    mean = a * latest
                else:
                    b = (1 - a / part) * place / done
                    b = (1 - a / part) / done if place == 1 else b
                    mean = a * first + b * (latest - first)
                moved = level / now * exp(-place * h) * x + mean + level * path
                if place < 1:
                    latest = model(moved, level)[0]
                    done = place
            x = moved
        return x

    return run


def sa(pece: bool):  # type: ignore[no-untyped-def]
    """SA-Solver of 2309.05019, predictor 3, corrector 4, tau 1, Adams weights by quadrature."""

    def run(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
        values: list[Tensor] = []
        places: list[float] = []
        last, ahead, kept = len(sigmas) - 1, x, None
        for i in range(last):
            values.append(model(ahead, sigmas[i])[0])
            places.append(-log(sigmas[i]))
            order = min(4, len(values), last - i) if i and (sigmas[i + 1] > 0 or pece) else 0
            if order:
                x = adams(x, sigmas[i - 1], sigmas[i], values[-order:], places[-order:]) + kept
                if pece:
                    values[-1] = model(x, sigmas[i])[0]
            else:
                x = ahead
            if sigmas[i + 1] == 0:
                return values[-1]
            h = log(sigmas[i] / sigmas[i + 1])
            kept = sigmas[i + 1] * sqrt(1 - exp(-2 * h)) * draw()
            order = min(3, len(values), last - 1 - i)
            ahead = adams(x, sigmas[i], sigmas[i + 1], values[-order:], places[-order:]) + kept
        return ahead

    return run


def adams(
    x: Tensor, now: float, after: float, values: Sequence[Tensor], places: Sequence[float]
) -> Tensor:
    """One exponential Adams step with tau 1."""
    start, end = -log(now), -log(after)
    x = after / now * exp(start - end) * x
    for j, value in enumerate(values):
        weight = lagrange_integral(places, j, start, end, lambda s: 2 * exp(2 * (s - end)))
        x = x + weight * value
    return x


def dpm_fast(model: Pair, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """DPM-Solver-fast of 2206.00927 between the ends; stages as exponential integrators."""
    calls = len(sigmas) - 1
    low = [s for s in sigmas if s > 0][-1]
    count = calls // 3 + 1
    orders = [3] * (count - 1) + [calls % 3]
    if calls % 3 == 0:
        orders = [3] * (count - 2) + [2, 1]
    levels = [sigmas[0] * (low / sigmas[0]) ** (i / count) for i in range(count + 1)]
    for order, now, after in zip(orders, levels[:-1], levels[1:], strict=True):
        h = log(now / after)
        e0 = (x - model(x, now)[0]) / now
        if order == 1:
            x = x + (after - now) * e0
            continue
        near = now * exp(-h / order)
        u = x + (near - now) * e0
        e1 = (u - model(u, near)[0]) / near
        if order == 2:
            x = x + (after - now) * e1
            continue
        far = now * exp(-2 * h / 3)
        bend = 2 * ((now - far) / (2 * h / 3) - far)
        u = x + (far - now) * e0 - bend * (e1 - e0)
        e2 = (u - model(u, far)[0]) / far
        x = x + (after - now) * e0 - 1.5 * ((now - after) / h - after) * (e2 - e0)
    return x


SOLVERS = {
    "euler_cfg_pp": euler_cfg_pp,
    "euler_ancestral_cfg_pp": euler_ancestral_cfg_pp,
    "dpmpp_2s_ancestral_cfg_pp": dpmpp_2s_ancestral_cfg_pp,
    "dpmpp_2m_cfg_pp": dpmpp_2m_cfg_pp,
    "heunpp2": heunpp2,
    "ipndm": ipndm,
    "deis": deis,
    "res_multistep": multistep_res(False, False),
    "res_multistep_cfg_pp": multistep_res(False, True),
    "res_multistep_ancestral": multistep_res(True, False),
    "res_multistep_ancestral_cfg_pp": multistep_res(True, True),
    "gradient_estimation": gradient(False),
    "gradient_estimation_cfg_pp": gradient(True),
    "er_sde": er_sde,
    "seeds_2": seeds(2),
    "seeds_3": seeds(3),
    "sa_solver": sa(False),
    "sa_solver_pece": sa(True),
    "dpm_fast": dpm_fast,
}
