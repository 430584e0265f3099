"""Samplers, schedules, guidance: exact solutions, independent references, conventions."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler, HeunDiscreteScheduler
from torch import Tensor

from nodeflow.diffusion.conditioning import Area, AreaFraction, ConditioningEntry
from nodeflow.diffusion.guidance.classifier_free import ClassifierFree
from nodeflow.diffusion.guidance.mix import averaged
from nodeflow.diffusion.guidance.regions import edge_ramp, mask_bounds, region, resolve
from nodeflow.diffusion.guidance.rows import Rows
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.latent_scale import LatentScale
from nodeflow.diffusion.noise import Noise, ancestral_noise, brownian_noise, initial_noise
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.samplers.registry import SAMPLERS
from nodeflow.diffusion.samplers.step import ModelCall
from nodeflow.diffusion.sampling.driver import OnStep, drive
from nodeflow.diffusion.sampling.evaluate import evaluate
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.sampling.setting import Space
from nodeflow.diffusion.sampling.texts import joined_contexts
from nodeflow.diffusion.sampling.trajectory import Prompts, Trajectory, answered, first_x, travel
from nodeflow.diffusion.schedule.discrete import (
    ContinuousSchedule,
    FlowSchedule,
    stable_diffusion,
)
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS, karras_sigmas
from nodeflow.diffusion.schedule.steps import cut, denoise_sigmas, full_sigmas
from tests.diffusion.closeness import relative_l2

SD = stable_diffusion()
MEAN, SPREAD = 2.0, 0.5
DETERMINISTIC = {
    "euler": 1, "ddim": 1, "heun": 2, "dpm_2": 2, "dpmpp_2m": 2, "lms": 2, "uni_pc": 2,
    "uni_pc_bh2": 2, "dpm_fast": 2, "ipndm_v": 2, "deis": 2, "res_multistep": 2, "euler_cfg_pp": 1,
    "dpmpp_2m_cfg_pp": 2, "heunpp2": 1, "gradient_estimation": 1,
}  # fmt: skip


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """The exact denoiser of data that is normal with MEAN and SPREAD."""
    return (x * SPREAD**2 + MEAN * sigma**2) / (SPREAD**2 + sigma**2)


def exact(x: Tensor, start: float, end: float) -> Tensor:
    """The exact solution of the probability flow for that data."""
    ratio = math.sqrt((SPREAD**2 + end**2) / (SPREAD**2 + start**2))
    return MEAN + (x - MEAN) * ratio


def silent(done: int, total: int, denoised: Tensor) -> None:
    """No report."""


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_error_falls_with_the_order(name: str) -> None:
    start, end = 10.0, 0.1
    x = torch.randn(1, 4, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x = x * start + MEAN
    errors = []
    for steps in (40, 80):
        sigmas = torch.logspace(math.log10(start), math.log10(end), steps + 1, dtype=torch.float64)
        out = drive(gaussian, x, sigmas.tolist(), name, 0, silent)  # type: ignore[arg-type]
        errors.append(float((out - exact(x, start, end)).abs().mean()))
    assert errors[1] < errors[0] / 2 ** (DETERMINISTIC[name] - 0.25)


@pytest.mark.parametrize("name", [n for n, entry in SAMPLERS.items() if entry.noise != "none"])
def test_noisy_samplers_reach_the_distribution(name: str) -> None:
    x = torch.randn(8, 4, 32, 32, generator=torch.Generator().manual_seed(1)) * SD.sigma_max
    sigmas = SCHEDULERS["karras"](SD, 60).tolist()
    out = drive(gaussian, x, sigmas, name, 3, silent)  # type: ignore[arg-type]
    # lcm is not meant to keep the spread; 2S with CFG++ mixes two evaluations in its start.
    spread = {"lcm": 0.35, "dpmpp_2s_ancestral_cfg_pp": 0.41}.get(name, SPREAD)
    assert abs(float(out.mean()) - MEAN) < 0.05
    assert abs(float(out.std()) - spread) < 0.06


def ancestral_reference(x: Tensor, sigmas: list[float], seed: int) -> Tensor:
    """Euler ancestral in float64, from k-diffusion's published formulas."""
    generator = torch.Generator().manual_seed(seed)
    x = x.double()
    for s, n in pairwise(sigmas):
        d = (x - gaussian(x, s)) / s
        if n == 0:
            return gaussian(x, s)
        up = min(n, math.sqrt(n**2 * (s**2 - n**2) / s**2))
        down = math.sqrt(n**2 - up**2)
        x = x + d * (down - s) + torch.randn(x.shape, generator=generator).double() * up
    return x


def test_euler_ancestral_against_float64() -> None:
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)) * SD.sigma_max
    sigmas = SCHEDULERS["normal"](SD, 12).tolist()
    ours = drive(gaussian, x, sigmas, "euler_ancestral", 9, silent)
    assert relative_l2(ours, ancestral_reference(x, sigmas, 9)) < 1e-5


@pytest.mark.parametrize(
    ("name", "scheduler"),
    [
        ("euler", EulerDiscreteScheduler),
        ("heun", HeunDiscreteScheduler),
        ("dpmpp_2m", DPMSolverMultistepScheduler),
    ],
)
def test_against_diffusers(name: str, scheduler: type) -> None:
    extra = {"use_karras_sigmas": True}
    if scheduler is DPMSolverMultistepScheduler:
        extra |= {"final_sigmas_type": "zero", "lower_order_final": True}
    theirs = scheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", **extra)
    theirs.set_timesteps(12)
    sigmas = karras_sigmas(12, SD.sigma_min, SD.sigma_max)
    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)) * SD.sigma_max
    vp = scheduler is DPMSolverMultistepScheduler
    levels = theirs.sigmas.double()
    x = start / math.sqrt(float(levels[0]) ** 2 + 1) if vp else start.clone()
    for index, t in enumerate(theirs.timesteps):
        sigma = float(levels[index])
        ve = x * math.sqrt(sigma**2 + 1) if vp else x
        noise = (ve - gaussian(ve, sigma)) / sigma
        x = theirs.step(noise.float(), t, x).prev_sample
    ours = drive(gaussian, start, [float(s) for s in sigmas], name, 0, silent)  # type: ignore[arg-type]
    assert relative_l2(ours, x) < 1e-3


def test_sigmas_of_the_schedule() -> None:
    assert SD.sigma_min == pytest.approx(0.0291675, rel=1e-4)
    assert SD.sigma_max == pytest.approx(14.614642, rel=1e-5)
    assert float(SD.timestep(torch.tensor(SD.sigma_max))) == 999
    between = SD.sigma(torch.tensor(500.5))
    wanted = torch.sqrt(SD.sigmas[500] * SD.sigmas[501])
    assert float(between) == pytest.approx(float(wanted), rel=1e-5)
    assert SD.at_percent(0) == math.inf and SD.at_percent(1) == 0
    assert SD.at_percent(0.5) == pytest.approx(float(SD.sigma(torch.tensor(499.5))), rel=1e-6)
    assert stable_diffusion(zero_snr=True).sigma_max == pytest.approx(4518.76, rel=1e-3)


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("steps", [1, 2, 7, 20])
def test_schedulers_descend_to_zero(name: str, steps: int) -> None:
    sigmas = SCHEDULERS[name](SD, steps)  # type: ignore[index]
    assert sigmas[-1] == 0 and bool((sigmas.diff() < 0).all())
    if name not in ("ddim_uniform", "beta"):
        assert len(sigmas) == steps + 1
    if name != "ddim_uniform":
        assert float(sigmas[0]) == pytest.approx(SD.sigma_max, rel=2e-2)


def test_schedulers_by_their_rules() -> None:
    table = SD.sigmas
    picks = [999 - int(i * 1000 / 7) for i in range(7)]
    assert torch.equal(SCHEDULERS["simple"](SD, 7)[:-1], table[picks])
    uniform = SCHEDULERS["ddim_uniform"](SD, 7)
    assert len(uniform) == 9 and torch.equal(uniform[:-1].flip(0), table[1::142])
    low, high = SD.sigma_min, SD.sigma_max
    rho = [(high ** (1 / 7) + i / 4 * (low ** (1 / 7) - high ** (1 / 7))) ** 7 for i in range(5)]
    assert SCHEDULERS["karras"](SD, 5)[:-1].tolist() == pytest.approx(rho, rel=1e-5)
    optimal = [math.tan(i / 4 * math.atan(low) + (1 - i / 4) * math.atan(high)) for i in range(5)]
    assert SCHEDULERS["kl_optimal"](SD, 5)[:-1].tolist() == pytest.approx(optimal, rel=1e-5)
    from scipy import stats

    index = np.rint(stats.beta.ppf(1 - np.arange(10) / 10, 0.6, 0.6) * 999).astype(int)
    assert SCHEDULERS["beta"](SD, 10)[:-1].tolist() == pytest.approx(table[index].tolist())


def test_denoise_takes_the_end_of_a_longer_schedule() -> None:
    assert torch.equal(
        denoise_sigmas(SD, "karras", "euler", 10, 0.5), full_sigmas(SD, "karras", "euler", 20)[-11:]
    )
    assert len(denoise_sigmas(SD, "karras", "euler", 10, 0.0)) == 0


def test_second_order_samplers_lose_the_last_but_one_sigma() -> None:
    every = SCHEDULERS["normal"](SD, 11)
    kept = full_sigmas(SD, "normal", "dpm_2", 10)
    assert torch.equal(kept, torch.cat([every[:-2], every[-1:]]))


def test_cutting_steps() -> None:
    every = full_sigmas(SD, "normal", "euler", 10)
    assert torch.equal(cut(every, 0, 10000, False), every)
    assert torch.equal(cut(every, 3, 6, True), every[3:7])
    ended = cut(every, 3, 6, False)
    assert ended[-1] == 0 and torch.equal(ended[:-1], every[3:6])
    assert len(cut(every, 10, 10000, False)) == 0


def test_initial_noise_is_one_stream() -> None:
    batch = initial_noise((3, 4, 8, 8), 7)
    wanted = torch.randn((3, 4, 8, 8), generator=torch.Generator().manual_seed(7))
    assert torch.equal(batch, wanted)
    assert torch.equal(initial_noise((1, 4, 8, 8), 7, (2,)), batch[2:])
    assert torch.equal(initial_noise((2, 4, 8, 8), 7, (2, 0)), batch[[2, 0]])


def test_step_noise_repeats_with_the_seed() -> None:
    x = torch.zeros(1, 4, 8, 8)
    first, second = ancestral_noise(3, x.device), ancestral_noise(3, x.device)
    assert torch.equal(first(x, 2, 1), second(x, 2, 1))
    assert not torch.equal(first(x, 1, 0.5), first(x, 1, 0.5))
    sigmas = SCHEDULERS["karras"](SD, 10)
    a, b = brownian_noise(x, 3, sigmas), brownian_noise(x, 3, sigmas)
    assert torch.equal(a(x, 5.0, 2.0), b(x, 5.0, 2.0))
    whole = a(x, 5.0, 1.0) * 2.0
    parts = b(x, 5.0, 2.0) * math.sqrt(3) + b(x, 2.0, 1.0)
    assert torch.allclose(whole, parts, atol=1e-4)


def test_brownian_noise_is_that_of_torchsdes_tree() -> None:
    """Over the schedule's sigmas above 0, its entropy the seed; the sign is the direction's."""
    import torchsde

    sigmas = SCHEDULERS["karras"](SD, 10)
    x = torch.zeros(1, 4, 8, 8)
    low, high = sigmas[-2], sigmas[0]
    tree = torchsde.BrownianTree(low, torch.zeros_like(x), high, entropy=7)
    draw = brownian_noise(x, 7, sigmas)
    for now, after in ((9.0, 4.0), (4.0, 9.0), (float(high), 1.5)):
        between = tree(min(now, after), max(now, after)) / math.sqrt(abs(now - after))
        assert torch.allclose(draw(x, now, after), between if now < after else -between, atol=1e-5)


class Linear:
    """A stand-in network whose output says which context it was given; counts its calls."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(
        self, x: Tensor, t: Tensor, context: Tensor, y: Tensor | None = None, /, *rest: object
    ) -> Tensor:
        self.batches.append(len(x))
        return x * 0 + context.mean(dim=(1, 2))[:, None, None, None]


def entry(value: float, **settings: object) -> ConditioningEntry:
    """An embedding full of one value."""
    return replace(ConditioningEntry(torch.full((1, 77, 8), value)), **settings)  # type: ignore[arg-type]


def denoiser() -> tuple[Linear, DenoisingModel]:
    """A model whose denoised latent is the context's value."""
    net = Linear()
    return net, DenoisingModel(net, Prediction.X0, SD)


def guided(
    positive: list[ConditioningEntry],
    negative: list[ConditioningEntry],
    cfg: float,
    sigma: float = 5.0,
    both: bool = False,
) -> tuple[Tensor, Linear]:
    """One guided evaluation on zeros."""
    net, model = denoiser()
    x = torch.zeros(1, 4, 16, 16)
    sides = resolve(tuple(positive), tuple(negative), x.shape, SD)
    guidance = ClassifierFree(*sides, cfg)(ModelCall(x, sigma, 0, both))
    try:
        guidance.send(evaluate(model, next(guidance)))
    except StopIteration as end:
        return end.value, net
    raise AssertionError("one wish is enough")


def test_guidance_and_its_shortcut() -> None:
    out, net = guided([entry(3.0)], [entry(1.0)], 4.0)
    assert torch.allclose(out, torch.full_like(out, 1 + 4 * 2)) and net.batches == [2]
    out, net = guided([entry(3.0)], [entry(1.0)], 1.0)
    assert torch.allclose(out, torch.full_like(out, 3.0)) and net.batches == [1]


def test_both_sides_are_given_where_a_sampler_wants_them() -> None:
    (denoised, unconditional), net = guided([entry(3.0)], [entry(1.0)], 1.0, both=True)
    assert float(denoised.mean()) == 3.0 and float(unconditional.mean()) == 1.0
    assert net.batches == [2]


def test_entries_are_averaged_by_strength() -> None:
    halves = [
        entry(1.0, area=Area(16, 16, 0, 0), strength=3.0),
        entry(5.0, area=Area(16, 16, 0, 0), strength=1.0),
    ]
    out, net = guided(halves, [entry(0.0)], 1.0)
    assert torch.allclose(out, torch.full_like(out, 2.0)) and net.batches == [2]


def test_masks_confine_entries() -> None:
    left = torch.zeros(1, 32, 32)
    left[:, :, :16] = 1
    out, _ = guided([entry(1.0, mask=left), entry(5.0, mask=1 - left)], [entry(0.0)], 1.0)
    assert torch.allclose(out[..., :8], torch.ones(1)) and torch.allclose(
        out[..., 8:], torch.full((1,), 5.0)
    )


def test_time_ranges() -> None:
    early, late = entry(1.0, end_percent=0.5), entry(5.0, start_percent=0.5)
    high, _ = guided([early, late], [entry(0.0)], 1.0, sigma=10.0)
    low, _ = guided([early, late], [entry(0.0)], 1.0, sigma=0.1)
    assert float(high.mean()) == 1.0 and float(low.mean()) == 5.0


def test_areas_ramp_at_inner_edges_only() -> None:
    ramp = edge_ramp(Area(32, 32, 0, 16), 32, 64)[0, 0]
    assert ramp[0].tolist()[:8] == pytest.approx([(t + 1) / 8 for t in range(8)])
    assert torch.equal(ramp[:, 8:24], torch.ones(32, 16))
    assert torch.equal(ramp[0], ramp[-1])
    assert edge_ramp(Area(16, 16, 4, 0), 32, 16)[0, 0, 0, 0] == 0.25


def test_fractions_and_bounds() -> None:
    whole = (1, 4, 20, 30)
    found = region(entry(1.0, area=AreaFraction(0.5, 0.25, 0.5, 0.1)), whole, SD).area
    assert found == Area(10, 8, 10, 3)
    mask = torch.zeros(1, 20, 30)
    mask[:, 5:7, 10:22] = 1
    assert mask_bounds(mask) == Area(8, 12, 5, 10)
    assert mask_bounds(torch.zeros(1, 20, 30)) is None


def test_the_other_side_gets_the_same_area() -> None:
    area = Area(8, 8, 0, 0)
    _, negative = resolve((entry(1.0, area=area),), (entry(2.0),), (1, 4, 16, 16), SD)
    assert [r.area for r in negative] == [Area(16, 16, 0, 0), area]


def test_the_other_sides_copy_counts_where_and_when_its_original_does() -> None:
    """Of the other side it has the prompt alone: an area ten times as strong is so on both."""
    area = Area(8, 8, 4, 0)
    strong = entry(1.0, area=area, strength=10.0, start_percent=0.3, end_percent=0.6)
    mask = torch.zeros(1, 16, 16)
    mask[:, 2:12, 3:13] = 0.5
    masked = entry(1.0, mask=mask, mask_bounds=True, mask_strength=0.5)
    for original in (strong, masked):
        (made,), (whole, copy) = resolve((original,), (entry(2.0),), (1, 4, 16, 16), SD)
        assert whole.high == math.inf and float(copy.embedding.mean()) == 2.0
        assert copy.area == made.area and torch.equal(copy.weight, made.weight)
        assert (copy.low, copy.high) == (made.low, made.high)


def test_embeddings_of_different_length_are_repeated() -> None:
    a, b = torch.randn(1, 77, 8), torch.randn(1, 154, 8)
    both = joined_contexts([a, b])
    assert both.shape == (2, 154, 8) and torch.equal(both[0, 77:], a[0])


def test_averaging_pads_with_zeros() -> None:
    long, short = entry(4.0), ConditioningEntry(torch.full((1, 7, 8), 2.0))
    (mixed,) = averaged((long,), (short,), 0.75)
    assert mixed.embedding[0, :7].mean() == 3.5 and mixed.embedding[0, 7:].mean() == 3.0


def test_predictions_agree() -> None:
    x, sigma = torch.randn(1, 4, 8, 8), 3.0
    clean = torch.randn(1, 4, 8, 8)
    noise = (x - clean) / sigma
    alpha = 1 / math.sqrt(1 + sigma**2)
    velocity = alpha * noise - alpha * sigma * clean
    for kind, out in ((Prediction.EPS, noise), (Prediction.V, velocity), (Prediction.X0, clean)):
        model = DenoisingModel(lambda *_, out=out: out, kind, SD)
        (found,) = model([Rows(x, sigma, torch.zeros(1, 1, 1))])
        assert torch.allclose(found, clean, atol=1e-5)


def trajectory(latent: Latent, **changes: object) -> Trajectory:
    """A sampling with plain settings."""
    sigmas = tuple(denoise_sigmas(SD, "normal", "euler", 6, 1.0).tolist())
    prompts = Prompts((entry(0.5),), (entry(0.0),), 1.0)
    made = Trajectory(latent, Noise(1), prompts, SAMPLERS["euler"], sigmas)
    return replace(made, **changes)  # type: ignore[arg-type]


def sampled(made: Trajectory, scale: float = 0.18215, on_step: OnStep = silent) -> Latent:
    """Its latent, with the model that denoises to the context's value."""
    _, model = denoiser()
    return answered(
        travel(made, Space(SD, LatentScale(scale)), on_step), lambda wish: evaluate(model, wish)
    )


def test_sampling_reports_every_step_and_scales() -> None:
    steps: list[tuple[int, int]] = []
    out = sampled(
        trajectory(Latent(torch.zeros(2, 4, 8, 8))),
        on_step=lambda done, total, x0: steps.append((done, total)),
    )
    assert steps == [(i, 6) for i in range(1, 7)]
    assert torch.allclose(out.samples, torch.full_like(out.samples, 0.5 / 0.18215), atol=1e-4)


def test_the_mask_keeps_the_latent_outside() -> None:
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 32:] = 1
    latent = Latent(torch.randn(1, 4, 8, 8), noise_mask=mask)
    out = sampled(trajectory(latent)).samples
    assert torch.allclose(out[..., :3], latent.samples[..., :3], atol=1e-5)
    assert torch.allclose(out[..., 5:], torch.full_like(out[..., 5:], 0.5 / 0.18215), atol=1e-3)


def test_no_steps_change_nothing() -> None:
    latent = Latent(torch.randn(1, 4, 8, 8))
    assert sampled(trajectory(latent, sigmas=()), 1.0) is latent


def test_first_x() -> None:
    """Variance-preserving at the highest sigma (1e-5 relative), added below."""
    noise, latent = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    schedule = ContinuousSchedule.between(0.1, 10.0)
    for sigma, factor in ((10.0, math.sqrt(101)), (9.99995, math.sqrt(1 + 9.99995**2)), (9.9, 9.9)):
        assert torch.allclose(first_x(noise, latent, sigma, schedule), noise * factor + latent)
    flow = FlowSchedule.between(0.1, 10.0)
    assert torch.allclose(first_x(noise, latent, 10.0, flow), noise * 10 + latent)


def test_further_schedulers_by_their_rules() -> None:
    low, high = SD.sigma_min, SD.sigma_max
    steps = [math.exp(math.log(high) + i / 4 * math.log(low / high)) for i in range(5)]
    assert SCHEDULERS["exponential"](SD, 5)[:-1].tolist() == pytest.approx(steps, rel=1e-5)
    for name, count in (("normal", 5), ("sgm_uniform", 6)):
        times = torch.tensor([999 * (1 - i / (count - 1)) for i in range(5)])
        assert torch.allclose(SCHEDULERS[name](SD, 5)[:-1], SD.sigma(times), rtol=1e-4)  # type: ignore[index]
    mochi = SCHEDULERS["linear_quadratic"](SD, 8) / high
    assert mochi[:5].tolist() == pytest.approx([1 - 0.025 * i / 4 for i in range(5)], rel=1e-5)
    second = mochi[4:].diff().diff()
    assert torch.allclose(second, second[:1].expand_as(second), atol=1e-5) and mochi[-1] == 0
