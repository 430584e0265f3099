"""Schedules: sigmas by the published rules, cut and shortened by conventions."""

import math

import numpy as np
import pytest
import torch

from nodeflow.diffusion.schedule.discrete import (
    stable_diffusion,
)
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS
from nodeflow.diffusion.schedule.steps import cut, denoise_sigmas, full_sigmas
from tests.diffusion.exact import SD


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
