"""The samplers once more, straight from the papers, in float64 and t = -log sigma.

Written independently of the package: plain loops, no shared helpers.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import exp, expm1, log, sqrt

from torch import Tensor

Model = Callable[[Tensor, float], Tensor]
Draw = Callable[[], Tensor]


def dpm_2_ancestral(model: Model, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """DPM-Solver-2 (2206.00927) with ancestral noise."""
    for i in range(len(sigmas) - 1):
        now, after = sigmas[i], sigmas[i + 1]
        if after == 0:
            return model(x, now)
        up = sqrt(after**2 * (now**2 - after**2)) / now
        down = sqrt(after**2 - up**2)
        middle = exp((log(now) + log(down)) / 2)
        half = x + (x - model(x, now)) / now * (middle - now)
        x = x + (half - model(half, middle)) / middle * (down - now) + draw() * up
    return x


def dpmpp_2s_ancestral(model: Model, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """DPM-Solver++(2S), algorithm 1 of 2211.01095 with r = 1/2."""
    for i in range(len(sigmas) - 1):
        now, after = sigmas[i], sigmas[i + 1]
        if after == 0:
            return model(x, now)
        up = sqrt(after**2 * (now**2 - after**2)) / now
        down = sqrt(after**2 - up**2)
        t, s = -log(now), -log(down)
        h = s - t
        u = exp(-(t + h / 2)) / exp(-t) * x - (exp(-h / 2) - 1) * model(x, now)
        x = exp(-s) / exp(-t) * x - (exp(-h) - 1) * model(u, exp(-(t + h / 2))) + draw() * up
    return x


def dpmpp_sde(model: Model, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """Stochastic DPM-Solver++ single step, r = 1/2 (k-diffusion)."""
    for i in range(len(sigmas) - 1):
        now, after = sigmas[i], sigmas[i + 1]
        if after == 0:
            return model(x, now)
        middle = sqrt(now * after)
        up = sqrt(middle**2 * (now**2 - middle**2)) / now
        down = sqrt(middle**2 - up**2)
        first = model(x, now)
        half = down / now * x + (1 - down / now) * first + draw() * up
        second = model(half, middle)
        up = sqrt(after**2 * (now**2 - after**2)) / now
        down = sqrt(after**2 - up**2)
        x = down / now * x + (1 - down / now) * second + draw() * up
    return x


def dpmpp_2m_sde(model: Model, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """SDE-DPM-Solver++(2M), equation of 2211.01095 appendix, midpoint."""
    old, h_old = None, 0.0
    for i in range(len(sigmas) - 1):
        now, after = sigmas[i], sigmas[i + 1]
        denoised = model(x, now)
        if after == 0:
            return denoised
        h = log(now / after)
        x = (after / now) * exp(-h) * x + (1 - exp(-2 * h)) * denoised
        if old is not None:
            x = x + 0.5 * (1 - exp(-2 * h)) * (h / h_old) * (denoised - old)
        x = x + after * sqrt(1 - exp(-2 * h)) * draw()
        old, h_old = denoised, h
    return x


def dpmpp_2m_sde_heun(model: Model, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """The same with Heun's weights."""
    old, h_old = None, 0.0
    for i in range(len(sigmas) - 1):
        now, after = sigmas[i], sigmas[i + 1]
        denoised = model(x, now)
        if after == 0:
            return denoised
        h = log(now / after)
        x = (after / now) * exp(-h) * x + (1 - exp(-2 * h)) * denoised
        if old is not None:
            weight = (1 - exp(-2 * h)) / (-2 * h) + 1
            x = x + weight * (h / h_old) * (denoised - old)
        x = x + after * sqrt(1 - exp(-2 * h)) * draw()
        old, h_old = denoised, h
    return x


def dpmpp_3m_sde(model: Model, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """Third order multistep (k-diffusion), eta = 1."""
    values: list[Tensor] = []
    steps: list[float] = []
    for i in range(len(sigmas) - 1):
        now, after = sigmas[i], sigmas[i + 1]
        values.append(model(x, now))
        if after == 0:
            return values[-1]
        h = log(now / after)
        x = exp(-2 * h) * x + (1 - exp(-2 * h)) * values[-1]
        phi_2 = expm1(-2 * h) / (2 * h) + 1
        if len(values) > 2:
            r0, r1 = steps[-1] / h, steps[-2] / h
            d0, d1 = (values[-1] - values[-2]) / r0, (values[-2] - values[-3]) / r1
            x = x + phi_2 * (d0 + (d0 - d1) * r0 / (r0 + r1))
            x = x - (phi_2 / (2 * h) - 0.5) * (d0 - d1) / (r0 + r1)
        elif len(values) > 1:
            x = x + phi_2 * (values[-1] - values[-2]) * h / steps[-1]
        x = x + after * sqrt(1 - exp(-2 * h)) * draw()
        steps.append(h)
    return x


def ddpm(model: Model, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """Equations 6 and 7 of 2006.11239 on x / sqrt(1 + sigma²)."""
    for i in range(len(sigmas) - 1):
        now, after = sigmas[i], sigmas[i + 1]
        acp, acp_after = 1 / (1 + now**2), 1 / (1 + after**2)
        alpha, beta = acp / acp_after, 1 - acp / acp_after
        clean = model(x, now)
        mean = (
            sqrt(acp_after) * beta / (1 - acp) * clean
            + sqrt(alpha) * (1 - acp_after) / (1 - acp) * x * sqrt(acp)
        )  # fmt: skip
        if after == 0:
            return mean
        x = (mean + sqrt(beta * (1 - acp_after) / (1 - acp)) * draw()) * sqrt(1 + after**2)
    return x


def lcm(model: Model, x: Tensor, sigmas: Sequence[float], draw: Draw) -> Tensor:
    """Algorithm 3 of 2310.04378 in these coordinates."""
    for now, after in pairwise(sigmas):
        x = model(x, now)
        if after > 0:
            x = x + after * draw()
    return x


REFERENCES = {
    "dpm_2_ancestral": dpm_2_ancestral,
    "dpmpp_2s_ancestral": dpmpp_2s_ancestral,
    "dpmpp_sde": dpmpp_sde,
    "dpmpp_2m_sde": dpmpp_2m_sde,
    "dpmpp_2m_sde_heun": dpmpp_2m_sde_heun,
    "dpmpp_3m_sde": dpmpp_3m_sde,
    "ddpm": ddpm,
    "lcm": lcm,
}
