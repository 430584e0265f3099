"""Samplers' options take effect, as their formulas say."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import cast

import pytest
import torch
from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.samplers.er_sde import noise_scale
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.samplers.registry import SAMPLERS, UNLISTED
from nodeflow.diffusion.samplers.step import Sampling
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS
from tests.diffusion.closeness import relative_l2
from tests.diffusion.test_against_references import mixture, stream
from tests.diffusion.test_solvers import both, run, start

SD = stable_diffusion()
Options = dict[str, float | str | int]
NOISY = [name for name, entry in SAMPLERS.items() if entry.noise != "none"]
WITHOUT = ("ddpm", "lcm")
"""Their noise has no factor."""


def sampled(
    name: str, noise: Callable[[], Tensor], options: Options | None = None, steps: int = 8
) -> Tensor:
    """The last x of a sampler with options, with noise given."""
    entry = UNLISTED.get(name) or SAMPLERS[cast(SamplerName, name)]
    made = cast(Callable[..., Sampling], partial(entry.sampler, **(options or {})))
    draw: StepNoise = lambda x, *_: noise().to(x.dtype)  # noqa: E731
    sampling = made(start(), SCHEDULERS["karras"](SD, steps).tolist(), draw)
    call = next(sampling)
    try:
        while True:
            guided, plain = both(call.x, call.sigma)
            call = sampling.send(torch.stack([guided, plain]) if call.both else guided)
    except StopIteration as end:
        result: Tensor = end.value
        return result


@pytest.mark.parametrize("name", [*(n for n in NOISY if n not in WITHOUT), "dpm_adaptive"])
def test_s_noise_is_a_factor_of_the_noise(name: str) -> None:
    more: Options = {"eta": 0.5} if name == "dpm_adaptive" else {}
    first, second = stream(start().shape, 3), stream(start().shape, 3)
    twice = sampled(name, first, {"s_noise": 2.0, **more})
    assert relative_l2(twice, sampled(name, lambda: second() * 2, more)) < 1e-12
    none = sampled(name, stream(start().shape, 3), {"s_noise": 0.0, **more})
    assert torch.equal(none, sampled(name, lambda: torch.zeros(start().shape), more))
    assert relative_l2(twice, none) > 1e-3


def adaptive(x: Tensor, sigmas: list[float], eta: float, draw: Callable[[], Tensor]) -> Tensor:
    """DPM-Solver-12 and -23 with a PID controller, from k-diffusion's published formulas.

    Order 3, rtol 0.05, atol 0.0078, first step 0.05, accepted from 0.81, PID (0, 1, 0).
    """
    t, end = -math.log(sigmas[0]), -math.log(sigmas[-2])
    h, before = 0.05, x

    def eps(x: Tensor, t: float) -> Tensor:
        return (x - mixture(x, math.exp(-t))) * math.exp(t)

    while t < end - 1e-5:
        aim = min(end, t + h)
        low, up = aim, 0.0
        if eta:
            now, after = math.exp(-t), math.exp(-aim)
            added = min(after, eta * math.sqrt(after**2 * (now**2 - after**2) / now**2))
            low = min(end, -math.log(math.sqrt(after**2 - added**2)))
            up = math.sqrt(max(math.exp(-2 * aim) - math.exp(-2 * low), 0.0))
        step = low - t
        e0 = eps(x, t)
        s1, s2 = t + step / 3, t + 2 * step / 3
        u1 = x - math.exp(-s1) * math.expm1(step / 3) * e0
        e1 = eps(u1, s1)
        part = 2 * step / 3
        u2 = x - math.exp(-s2) * (
            math.expm1(part) * e0 + 2 * (math.expm1(part) / part - 1) * (e1 - e0)
        )
        e2 = eps(u2, s2)
        grown = math.expm1(step)
        lower = x - math.exp(-low) * (grown * e0 + 1.5 * grown * (e1 - e0))
        higher = x - math.exp(-low) * (grown * e0 + 1.5 * (grown / step - 1) * (e2 - e0))
        allowed = torch.maximum(
            torch.full_like(x, 0.0078), 0.05 * torch.maximum(lower.abs(), before.abs())
        )
        error = float(torch.linalg.norm((lower - higher) / allowed)) / x.numel() ** 0.5
        order = 1.5 if eta else 3
        factor = 1 + math.atan((1 / (1e-8 + error)) ** (1 / order) - 1)
        if factor >= 0.81:
            before, x, t = lower, higher, aim
            if up:
                x = x + draw().double() * up
        h *= factor
    return x


@pytest.mark.parametrize("eta", [0.0, 0.7])
def test_adaptive_takes_the_published_steps(eta: float) -> None:
    sigmas = SCHEDULERS["karras"](SD, 12).tolist()
    sampling = SAMPLERS["dpm_adaptive"].sampler
    ours, theirs = stream(start().shape, 3), stream(start().shape, 3)
    made = cast(Callable[..., Sampling], partial(sampling, eta=eta))(
        start(), sigmas, lambda x, *_: ours().to(x.dtype)
    )
    call = next(made)
    with pytest.raises(StopIteration) as end:
        while True:
            call = made.send(mixture(call.x, call.sigma))
    assert relative_l2(end.value.value, adaptive(start(), sigmas, eta, theirs)) < 1e-8


def test_euler_pp_takes_the_slope_from_a_shifted_x() -> None:
    sigmas = SCHEDULERS["karras"](SD, 8).tolist()
    x = start()
    for now, after in pairwise(sigmas):
        guided, plain = both(x, now)
        x = x + (x - guided + plain - guided) / now * (after - now)
    found, _ = run(UNLISTED["euler_pp"].sampler, start(), sigmas)
    assert relative_l2(found, x) < 1e-12


def test_er_sdes_noise_scales() -> None:
    assert noise_scale(3.0, "ER-SDE", 0.5) == pytest.approx(3.0 * (math.exp(3.0**0.3) + 10))
    assert noise_scale(3.0, "Reverse-time SDE", 0.5) == pytest.approx(3.0**1.5)
    assert noise_scale(3.0, "ODE", 0.5) == 3.0
    quiet = stream(start().shape, 3)
    reverse = sampled("er_sde", quiet, {"solver_type": "Reverse-time SDE", "eta": 0.0})
    ode = sampled("er_sde", lambda: torch.ones(start().shape), {"solver_type": "ODE"})
    assert torch.equal(reverse, ode)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("dpmpp_sde", {"r": 0.3}), ("dpmpp_2m_sde", {"solver_type": "heun"}), ("lms", {"order": 2}),
        ("sa_solver", {"predictor_order": 2}), ("sa_solver", {"corrector_order": 2}),
        ("sa_solver", {"predictor_order": 2, "simple_order_2": True}),
        ("er_sde", {"max_stage": 2}), ("dpm_adaptive", {"order": 2}),
        ("dpm_adaptive", {"pcoeff": 0.3}), ("dpm_adaptive", {"icoeff": 0.7}),
        ("dpm_adaptive", {"dcoeff": 0.3}), ("seeds_2", {"r": 0.4}), ("seeds_3", {"r_2": 0.8}),
    ],
)  # fmt: skip
def test_other_options_change_the_result(name: str, options: Options) -> None:
    first, second = stream(start().shape, 3), stream(start().shape, 3)
    changed, plain = sampled(name, first, options, 12), sampled(name, second, {}, 12)
    assert 1e-6 < relative_l2(changed, plain) < 1.0


def test_pece_is_the_samplers_own_option() -> None:
    first, second = stream(start().shape, 3), stream(start().shape, 3)
    chosen = sampled("sa_solver", first, {"use_pece": True})
    assert torch.equal(chosen, sampled("sa_solver_pece", second))
