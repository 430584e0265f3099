"""Conventions that people's seeds rely on, each by a case in which its neighbour would differ."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nodeflow.diffusion import noise
from nodeflow.diffusion.conditioning import Area, Control
from nodeflow.diffusion.guidance.controls import steering
from nodeflow.diffusion.guidance.mix import averaged
from nodeflow.diffusion.guidance.regions import resolve
from nodeflow.diffusion.guidance.rows import Wish
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.latent_scale import LatentScale
from nodeflow.diffusion.noise import Noise, initial_noise
from nodeflow.diffusion.recipe import ControlRecipe, WeightsFile
from nodeflow.diffusion.samplers import deis
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.samplers.registry import SAMPLERS
from nodeflow.diffusion.sampling.setting import Space
from nodeflow.diffusion.sampling.trajectory import Trajectory, answered, first_x, travel
from nodeflow.diffusion.schedule.discrete import (
    ContinuousSchedule,
    DiscreteSchedule,
    stable_diffusion,
)
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS
from nodeflow.diffusion.schedule.steps import denoise_sigmas, full_sigmas
from nodeflow.diffusion.text.chunks import chunk_tokens
from nodeflow.diffusion.text.prompt import Piece
from nodeflow.diffusion.text.tokenizer import END, load_tokenizer
from nodeflow.diffusion.vae.codec import decode_latent, encode_image
from tests.diffusion.test_guidance import guided
from tests.diffusion.test_sampling import sampled, trajectory
from tests.diffusion.told_apart import entry
from tests.nodes.test_behaviour import NODES

SD, ZERO_SNR = stable_diffusion(), stable_diffusion(zero_snr=True)


def test_time_is_nearest_in_log_sigma_and_sigma_between_times_its_geometric_mean() -> None:
    """Zero terminal SNR's last two levels, 2254 and 4519, tell the log from sigma itself."""
    low, high = (float(s) for s in ZERO_SNR.sigmas[-2:])
    middle = math.sqrt(low * high)
    assert middle * 1.02 < (low + high) / 2
    assert float(ZERO_SNR.timestep(torch.tensor(middle * 1.02))) == 999
    assert float(ZERO_SNR.timestep(torch.tensor(middle / 1.02))) == 998
    assert float(ZERO_SNR.sigma(torch.tensor(998.5))) == pytest.approx(middle, rel=1e-4)


def test_zero_terminal_snr_keeps_the_first_level() -> None:
    assert float(ZERO_SNR.sigmas[0]) == pytest.approx(SD.sigma_min, rel=1e-4)
    assert float(1 / (ZERO_SNR.sigmas[-1] ** 2 + 1)) == pytest.approx(
        4.8973451890853435e-08, rel=1e-4
    )


def test_normal_appends_no_zero_where_the_last_level_is_one() -> None:
    silent = DiscreteSchedule(torch.cat([torch.tensor([1e-6]), SD.sigmas[1:]]))
    assert len(SCHEDULERS["normal"](silent, 5)) == 6
    assert float(SCHEDULERS["normal"](silent, 5)[-1]) == pytest.approx(1e-6, rel=1e-2)


def test_more_steps_than_levels() -> None:
    """ddim_uniform takes every level; beta takes none twice."""
    every = SCHEDULERS["ddim_uniform"](SD, 1500)
    assert torch.equal(every[:-1], SD.sigmas[1:].flip(0))
    many = SCHEDULERS["beta"](SD, 600)
    assert len(many) < 601 and bool((many.diff() < 0).all())


def test_a_part_of_the_denoising_rounds_the_whole_down() -> None:
    """10 steps at 0.6 are the last of 16, not of 17."""
    found = denoise_sigmas(SD, "karras", "euler", 10, 0.6)
    assert torch.equal(found, full_sigmas(SD, "karras", "euler", 16)[-11:])


@pytest.mark.parametrize("name", SAMPLERS)
def test_four_samplers_lose_the_last_but_one_sigma(name: SamplerName) -> None:
    plain = SCHEDULERS["karras"](SD, 10)
    longer = SCHEDULERS["karras"](SD, 11)
    loses = name in ("dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2")
    wanted = torch.cat([longer[:-2], longer[-1:]]) if loses else plain
    assert torch.equal(full_sigmas(SD, "karras", name, 10), wanted)


def test_the_start_preserves_variance_within_1e_5_of_the_highest_sigma() -> None:
    schedule = ContinuousSchedule.between(0.1, 10.0)
    drawn, latent = torch.ones(1, 4, 2, 2), torch.zeros(1, 4, 2, 2)
    for sigma, whole in ((10.0 * (1 - 5e-6), True), (10.0 * (1 - 2e-5), False), (11.0, True)):
        wanted = math.sqrt(1 + sigma**2) if whole else sigma
        assert float(first_x(drawn, latent, sigma, schedule).mean()) == pytest.approx(
            wanted, rel=1e-6
        )


@pytest.mark.parametrize(("kind", "place"), [("brownian", "cpu"), ("brownian_gpu", "meta")])
def test_brownian_noise_lies_on_the_cpu_or_the_latents_device(
    kind: noise.NoiseKind, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def tree(x: Tensor, seed: int, sigmas: Tensor, device: object = "cpu") -> noise.StepNoise:
        asked.append(str(device))
        return lambda x, *_: x

    monkeypatch.setattr(noise, "brownian_noise", tree)
    noise.step_noise(torch.zeros(1, device="meta"), kind, 1, torch.tensor([2.0, 1.0, 0.0]))
    assert asked == [place]


@pytest.mark.parametrize(("name", "seed"), [("euler", 1), ("ddim", 2)])
def test_under_a_mask_the_kept_part_is_noised_with_the_starts_noise(
    name: SamplerName, seed: int
) -> None:
    """ddim alone draws it anew, from the seed after."""
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 1
    latent = Latent(torch.randn(1, 4, 8, 8), noise_mask=mask)
    seen: list[tuple[float, Tensor]] = []

    def answer(wish: Wish) -> Sequence[Tensor]:
        seen.extend((rows.sigma, rows.x) for rows in wish)
        return [torch.zeros_like(rows.x) for rows in wish]

    made: Trajectory = replace(trajectory(latent), sampler=SAMPLERS[name])
    answered(travel(made, Space(SD, LatentScale(0.18215)), lambda *_: None), answer)
    kept = initial_noise((1, 4, 8, 8), seed)
    assert Noise(1).like(latent).equal(initial_noise((1, 4, 8, 8), 1)) and len(seen) == 6
    for sigma, x in seen:
        wanted = latent.samples * 0.18215 + kept * sigma
        assert torch.allclose(x[..., :4], wanted[..., :4], atol=1e-4)


def test_deis_sums_over_ten_thousand_points() -> None:
    """A plain sum of the values at both ends too, which is a little more than the integral."""
    start, end, older = deis.vp_time(10.0), deis.vp_time(5.0), deis.vp_time(14.0)
    taus = np.linspace(start, end, 10_000)
    alpha = np.exp(-0.5 * deis.BETA_D * taus**2 - deis.BETA_MIN * taus)
    speed = 0.5 * (deis.BETA_D * taus + deis.BETA_MIN) / np.sqrt(alpha * (1 - alpha))
    step = (end - start) / 10_000
    new, old = (taus - older) / (start - older), (taus - start) / (older - start)
    wanted = [float((speed * line).sum() * step) for line in (new, old)]
    assert deis.tab_weights([start, older], end) == pytest.approx(wanted, rel=1e-10)


def test_control_pictures_are_cropped_to_the_latents_aspect() -> None:
    columns = torch.arange(128.0).expand(1, 3, 64, 128)
    control = Control(ControlRecipe(WeightsFile("x", "y")), columns)
    hint = steering(control, (1, 8, 8), SD, None).hint
    assert hint.shape == (1, 3, 64, 64) and torch.equal(hint, columns[..., 32:96])


def test_guidance_is_skipped_at_a_cfg_close_to_1() -> None:
    for cfg, rows in ((1.0, 1), (1.0 + 1e-10, 1), (1.001, 2)):
        _, net = guided([entry(3.0)], [entry(1.0)], cfg)
        assert net.batches == [rows]


def test_an_entrys_weight_is_its_mask_times_both_strengths() -> None:
    mask = torch.full((1, 16, 16), 0.5)
    strong = entry(1.0, mask=mask, mask_strength=2.0, strength=3.0)
    out, _ = guided([strong, entry(5.0, strength=1.0)], [entry(0.0)], 1.0)
    assert torch.allclose(out, torch.full_like(out, (3.0 * 1.0 + 5.0) / 4.0))


def test_the_copy_for_an_area_is_of_the_smallest_entry_that_contains_it() -> None:
    area = Area(4, 4, 2, 2)
    around = (entry(1.0), entry(2.0, area=Area(8, 8, 0, 0)), entry(3.0, area=Area(12, 12, 0, 0)))
    beside = entry(4.0, area=Area(3, 3, 2, 2))
    _, negative = resolve((entry(9.0, area=area),), (*around, beside), (1, 4, 16, 16), SD)
    (copy,) = (r for r in negative if r.area == area)
    assert float(copy.embedding.mean()) == 2.0


def test_time_ranges_hold_at_both_their_ends() -> None:
    high, low = SD.at_percent(0.2), SD.at_percent(0.6)
    for sigma, value in ((high, 1.0), (low, 1.0), (high * 1.001, 0.0), (low * 0.999, 0.0)):
        within = entry(1.0, start_percent=0.2, end_percent=0.6)
        out, _ = guided([within], [entry(0.0)], 1.0, sigma=sigma)
        assert float(out.mean()) == value


def test_mixing_takes_the_first_entry_and_the_pooled_text_too() -> None:
    first, second = entry(2.0, pooled=torch.ones(1, 8)), entry(8.0, pooled=torch.zeros(1, 8))
    to = entry(4.0, pooled=torch.full((1, 8), 5.0))
    one, other = averaged((to, second), (first, second), 0.75)
    assert float(one.embedding.mean()) == 3.5 and float(other.embedding.mean()) == 6.5
    assert one.pooled is not None and float(one.pooled.mean()) == 4.0
    longer = NODES["ConditioningConcat"].function((to, second), (first, second))
    assert [float(e.embedding[:, 77:].mean()) for e in longer] == [2.0, 2.0]
    assert [float(e.embedding[:, :77].mean()) for e in longer] == [4.0, 8.0]


def test_the_latent_stands_outside_the_mask_also_where_noise_is_left() -> None:
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 1
    latent = Latent(torch.randn(1, 4, 8, 8), noise_mask=mask)
    made = trajectory(latent)
    left = sampled(replace(made, sigmas=made.sigmas[:3])).samples
    assert torch.allclose(left[..., :4], latent.samples[..., :4], atol=1e-5)
    assert float(left[..., 4:].std()) > 10 * float(latent.samples.std())


def test_a_word_of_eight_tokens_is_split_over_a_border() -> None:
    tokenizer = load_tokenizer()
    for word, splits in (("floccinaucinihil", False), ("floccinaucinihilipil", True)):
        tokens = tokenizer.encode(word)
        assert (len(tokens) >= 8) is splits
        first, _ = chunk_tokens([Piece("apple " * 72 + word, 1.0)], tokenizer, END)
        kept = first.ids[73:76]
        assert kept == (tuple(tokens[:3]) if splits else (END,) * 3)


class Mirror(nn.Module):
    """In place of an autoencoder: notes what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.given: list[Tensor] = []

    def encode(self, pixels: Tensor) -> Tensor:
        self.given.append(pixels)
        return pixels[:, :1, ::8, ::8]

    def decode(self, samples: Tensor) -> Tensor:
        self.given.append(samples)
        return samples


def test_pictures_are_cropped_in_the_centre_and_go_from_minus_1_to_1() -> None:
    mirror = Mirror()
    picture = torch.rand(2, 21, 13, 3)
    latent = encode_image(mirror, picture)  # type: ignore[arg-type]
    wanted = picture[:, 2:18, 2:10].movedim(-1, 1) * 2 - 1
    assert torch.equal(torch.cat(mirror.given), wanted) and latent.shape == (2, 1, 2, 1)
    values = torch.tensor([-3.0, -1.0, 0.0, 0.5, 7.0]).reshape(1, 1, 1, 5)
    decoded = decode_latent(mirror, values)  # type: ignore[arg-type]
    assert decoded.flatten().tolist() == [0.0, 0.0, 0.5, 0.75, 1.0]
