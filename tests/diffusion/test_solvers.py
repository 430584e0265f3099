"""Exponential, multistep and CFG++ samplers against float64 references; options; adaptivity."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor

from nodeflow.diffusion.samplers.choice import SamplerChoice
from nodeflow.diffusion.samplers.ipndm import equal_weights, uneven_weights
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.samplers.registry import SAMPLERS, UNLISTED, entry_of
from nodeflow.diffusion.samplers.step import Sampler
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS
from tests.diffusion.closeness import relative_l2
from tests.diffusion.reference_deterministic import DETERMINISTIC
from tests.diffusion.reference_samplers import REFERENCES
from tests.diffusion.reference_solvers import SOLVERS
from tests.diffusion.test_against_references import embedded, mixture, stream

SD = stable_diffusion()
EVERY = {**SOLVERS, **DETERMINISTIC}


def both(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """A guided and an unguided denoiser that differ."""
    plain = mixture(x, sigma)
    return plain + 0.3 * torch.sin(plain), plain


def run(sampler: Sampler, x: Tensor, sigmas: list[float], seed: int = 5) -> tuple[Tensor, int]:
    """A sampler driven by hand; the last x and the number of evaluations."""
    draw = stream(x.shape, seed)
    sampling = sampler(x, sigmas, lambda x, *_: draw().to(x.dtype))
    call, count = next(sampling), 1
    try:
        while True:
            guided, plain = both(call.x, call.sigma)
            call = sampling.send(torch.stack([guided, plain]) if call.both else guided)
            count += 1
    except StopIteration as end:
        return end.value, count


def start(dtype: torch.dtype = torch.float64) -> Tensor:
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1)) * SD.sigma_max
    return x.to(dtype)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(("scheduler", "steps"), [("karras", 14), ("normal", 9), ("simple", 10)])
def test_against_float64(name: SamplerName, scheduler: str, steps: int) -> None:
    sigmas = SCHEDULERS[scheduler](SD, steps).tolist()  # type: ignore[index]
    draw = stream(start().shape, 5)
    wanted = EVERY[name](both, start(), sigmas, lambda: draw().double())
    exact, _ = run(SAMPLERS[name].sampler, start(), sigmas)
    assert relative_l2(exact, wanted) < ({"deis": 2e-4, "lms": 1e-5}.get(name, 1e-8))
    single, _ = run(SAMPLERS[name].sampler, start(torch.float32), sigmas)
    assert relative_l2(single, wanted) < 1e-3


def test_all_42_names_have_a_reference_or_an_exact_test() -> None:
    assert len(SAMPLERS) == 42
    same = {n for n in SAMPLERS if n.endswith("_gpu")}
    elsewhere = {"ipndm_v", "dpm_adaptive"}
    assert set(SAMPLERS) == set(EVERY) | set(REFERENCES) | same | elsewhere
    for name in same:
        plain = SAMPLERS[name.removesuffix("_gpu")]  # type: ignore[index]
        assert SAMPLERS[name].sampler == plain.sampler and plain.noise == "brownian"


def test_uneven_weights_are_adams_bashforth_up_to_order_3_at_equal_steps() -> None:
    for order in (1, 2, 3, 4):
        levels = [5.0 - k for k in range(order + 1)]
        if order < 4:
            assert uneven_weights(levels) == pytest.approx(equal_weights(levels))
            assert sum(uneven_weights([0.1, 0.4, 1.0, 2.2, 4.0][: order + 1])) == pytest.approx(1.0)
    assert uneven_weights([5.0, 4.0, 3.0, 2.0, 1.0])[3] == pytest.approx(-11 / 24)
    first, second = uneven_weights([1.0, 2.0, 4.0])
    assert first * 2 + second * 4 == pytest.approx(1.5)


def test_ipndm_v_as_published() -> None:
    """Order 3 with steps 0.5, 1, 2: the bracket as diff-sampler has it."""
    h0, h1, h2 = -0.5, -1.0, -2.0
    extra = (1 - h0**2 / (3 * h1 * (h1 + h2))) / 2
    wanted = [1 + h0 / h1 / 2 + extra, -h0 / h1 / 2 - (1 + h1 / h2) * extra, extra * h1 / h2]
    assert uneven_weights([0.5, 1.0, 2.0, 4.0]) == pytest.approx(wanted)


def test_adaptive_meets_its_tolerance_and_works_less_where_it_may() -> None:
    sigmas = SCHEDULERS["karras"](SD, 20).tolist()
    fine = [SD.sigma_max * (SD.sigma_min / SD.sigma_max) ** (i / 4000) for i in range(4001)]
    truth, _ = run(SAMPLERS["heun"].sampler, start(), fine)
    sampler = SAMPLERS["dpm_adaptive"].sampler
    loose, few = run(sampler, start(), sigmas)
    tight, many = run(partial(sampler, rtol=1e-4, atol=1e-5), start(), sigmas)
    assert few < many
    assert relative_l2(tight, truth) < 1e-3 < relative_l2(loose, truth) < 5e-2
    second, _ = run(partial(sampler, order=2, rtol=1e-4, atol=1e-5), start(), sigmas)
    assert relative_l2(second, truth) < 1e-3


@pytest.mark.parametrize(
    "options",
    [{"accept_safety": 2.0}, {"h_init": 0.0}, {"rtol": 0.0, "atol": 0.0}, {"dcoeff": 100.0}],
)
def test_adaptive_says_where_no_step_will_do(options: dict[str, float]) -> None:
    sigmas = SCHEDULERS["karras"](SD, 6).tolist()
    with pytest.raises(ValueError, match=r"finds no step from sigma .* rtol .* accept_safety"):
        run(partial(SAMPLERS["dpm_adaptive"].sampler, **options), start(), sigmas)


def test_adaptive_ends_where_answers_are_no_numbers() -> None:
    sampling = SAMPLERS["dpm_adaptive"].sampler(start(), [10.0, 1.0, 0.0], lambda x, *_: x)
    next(sampling)
    with pytest.raises(ValueError, match="finds no step"):
        while True:
            sampling.send(start() * math.nan)


def test_dpmpp_sde_with_much_noise_and_stages_anywhere() -> None:
    """From eta 2 on a step goes down to 0 and all of its x is fresh noise."""
    sigmas = SCHEDULERS["karras"](SD, 8).tolist()

    def chosen(**options: float) -> Tensor:
        entry = entry_of(SamplerChoice("dpmpp_sde", tuple(options.items())), SD)
        return run(entry.sampler, start(), sigmas)[0]

    assert chosen(eta=50.0).isfinite().all()
    assert torch.equal(chosen(eta=50.0), chosen(eta=100.0))
    assert chosen(r=1.5).isfinite().all()
    with pytest.raises(ValueError, match="choose r above 0 and not above 1"):
        chosen(r=0.0)


def test_step_and_cost() -> None:
    sigmas = SCHEDULERS["karras"](SD, 12).tolist()
    costs = {"euler": 12, "heun": 23, "heunpp2": 33, "dpm_fast": 12, "seeds_2": 23, "seeds_3": 34,
             "sa_solver": 12, "sa_solver_pece": 23}  # fmt: skip
    for name, cost in costs.items():
        assert run(SAMPLERS[name].sampler, start(), sigmas)[1] == cost, name  # type: ignore[index]


@pytest.mark.parametrize("name", [n for n, e in SAMPLERS.items() if e.noise != "none"])
def test_eta_0_takes_the_noise_away(name: SamplerName) -> None:
    if name in ("ddpm", "lcm", "er_sde", "sa_solver", "sa_solver_pece"):
        return
    sigmas = SCHEDULERS["karras"](SD, 8).tolist()
    chosen = entry_of(SamplerChoice(name, (("eta", 0.0),)), SD).sampler
    assert torch.equal(run(chosen, start(), sigmas)[0], run(chosen, start(), sigmas, 6)[0])
    plain = SAMPLERS[name].sampler
    assert not torch.equal(run(plain, start(), sigmas)[0], run(plain, start(), sigmas, 6)[0])


def test_options() -> None:
    sigmas = SCHEDULERS["karras"](SD, 8).tolist()

    def chosen(name: str, **options: float | str) -> Tensor:
        entry = entry_of(SamplerChoice(name, tuple(options.items())), SD)
        return run(entry.sampler, start(), sigmas)[0]

    assert torch.equal(chosen("dpmpp_2m_sde", solver_type="heun"), chosen("dpmpp_2m_sde_heun"))
    assert relative_l2(chosen("lms", order=1), chosen("euler")) < 1e-9
    assert relative_l2(chosen("er_sde", max_stage=1, solver_type="ODE"), chosen("euler")) < 1e-9
    assert relative_l2(chosen("gradient_estimation", ge_gamma=1.0), chosen("euler")) < 1e-12
    silent = chosen("sa_solver", eta=0.0, predictor_order=1, corrector_order=0)
    assert relative_l2(silent, chosen("euler")) < 1e-9
    assert not torch.equal(chosen("dpmpp_sde", r=0.3), chosen("dpmpp_sde"))
    assert entry_of(SamplerChoice("euler"), SD) is SAMPLERS["euler"]
    assert chosen("euler_pp").isfinite().all() and "euler_pp" in UNLISTED


def test_sa_solver_is_noisy_between_percent_0_2_and_0_8() -> None:
    sigmas = SCHEDULERS["normal"](SD, 12).tolist()
    levels: list[float] = []

    def noted(x: Tensor, sigma: float, after: float) -> Tensor:
        levels.append(after)
        return torch.zeros_like(x)

    sampling = entry_of(SamplerChoice("sa_solver"), SD).sampler(start(), sigmas, noted)
    call = next(sampling)
    with pytest.raises(StopIteration):
        while True:
            call = sampling.send(mixture(call.x, call.sigma))
    wanted = [s for s in sigmas[1:-1] if SD.at_percent(0.8) <= s <= SD.at_percent(0.2)]
    assert levels == wanted and 0 < len(wanted) < 10


def test_simple_order_2_is_close_to_the_integrals() -> None:
    sigmas = SCHEDULERS["karras"](SD, 200).tolist()
    options = (("predictor_order", 2), ("corrector_order", 2), ("eta", 0.0))
    exact = entry_of(SamplerChoice("sa_solver", options), SD).sampler
    simple = entry_of(SamplerChoice("sa_solver", (*options, ("simple_order_2", True))), SD).sampler
    a, b = run(exact, start(), sigmas)[0], run(simple, start(), sigmas)[0]
    assert 0 < relative_l2(a, b) < 1e-3 and math.isfinite(float(a.sum()))


@pytest.mark.heavy
@pytest.mark.parametrize("name", [n for n in EVERY if "cfg_pp" not in n])
def test_whole_samplings_of_the_embedded_model(name: SamplerName) -> None:
    model = embedded()
    sigmas = SCHEDULERS["karras"](SD, 8).tolist()
    x = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1)) * SD.sigma_max
    draw, ours = stream(x.shape, 5), stream(x.shape, 5)
    wanted = EVERY[name](lambda x, s: (model(x, s), x), x.double(), sigmas, lambda: draw().double())
    sampling = SAMPLERS[name].sampler(x, sigmas, lambda x, *_: ours())
    call = next(sampling)
    with pytest.raises(StopIteration) as end:
        while True:
            call = sampling.send(model(call.x, call.sigma))
    assert relative_l2(end.value.value, wanted) < 1e-3
