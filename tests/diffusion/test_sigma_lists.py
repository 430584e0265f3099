"""Lists of sigmas of the sigma nodes, by their formulas."""

import math

import numpy as np
import pytest
import torch

from nodeflow.diffusion.schedule import lists
from nodeflow.diffusion.schedule.discrete import stable_diffusion

SD = stable_diffusion()


def test_polyexponential() -> None:
    ramp = (1 - np.arange(5) / 4) ** 2
    wanted = np.exp(ramp * (math.log(10) - math.log(0.1)) + math.log(0.1))
    assert lists.polyexponential(5, 0.1, 10, 2.0).tolist() == pytest.approx([*wanted, 0], rel=1e-5)


def test_variance_preserving() -> None:
    t = np.linspace(1, 0.001, 6)
    wanted = np.sqrt(np.exp(19.9 * t**2 / 2 + 0.1 * t) - 1)
    found = lists.variance_preserving(6, 19.9, 0.1, 0.001)
    assert found.tolist() == pytest.approx([*wanted, 0], rel=1e-3)


def test_laplace_is_symmetric_in_log_sigma_and_has_no_zero() -> None:
    found = lists.laplace(9, 1e-9, 1e9, 0.3, 0.5).log()
    assert len(found) == 9 and float(found[4]) == pytest.approx(0.3, abs=1e-4)
    assert torch.allclose(found + found.flip(0), torch.full((9,), 0.6), atol=1e-4)
    assert float(found[2]) == pytest.approx(0.3 - 0.5 * math.log(0.5), abs=1e-4)
    assert lists.laplace(9, 0.03, 14.6, 0.0, 0.5).max() == pytest.approx(14.6)


def test_turbo_takes_the_trained_timesteps() -> None:
    assert torch.allclose(lists.turbo(SD, 2, 1.0)[:-1], SD.sigmas[[999, 899]])
    assert torch.allclose(lists.turbo(SD, 3, 0.5)[:-1], SD.sigmas[[499, 399, 299]])
    assert len(lists.turbo(SD, 10, 0.3)) == 4
    assert len(lists.turbo(SD, 10, 0.27)) == 3


def test_align_your_steps() -> None:
    ten = lists.aligned("SD1", 10, 1.0)
    assert ten[:-1].tolist() == pytest.approx(lists.ALIGNED["SD1"][:-1]) and ten[-1] == 0
    twenty = lists.aligned("SDXL", 20, 1.0)
    assert len(twenty) == 21 and float(twenty[2]) == pytest.approx(lists.ALIGNED["SDXL"][1])
    between = math.sqrt(lists.ALIGNED["SDXL"][0] * lists.ALIGNED["SDXL"][1])
    assert float(twenty[1]) == pytest.approx(between)
    assert torch.equal(lists.aligned("SD1", 10, 0.4), ten[-5:])
    assert len(lists.aligned("SD1", 10, 0.46)) == 6
    assert len(lists.aligned("SD1", 10, 0.0)) == 0


def test_editing() -> None:
    sigmas = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0])
    high, low = lists.split_at(sigmas, 1)
    assert high.tolist() == [4, 3] and low.tolist() == [3, 2, 1, 0]
    high, low = lists.split_at_denoise(sigmas, 0.5)
    assert high.tolist() == [4, 3, 2] and low.tolist() == [2, 1, 0]
    assert [len(part) for part in lists.split_at_denoise(sigmas, 0.7)] == [2, 4]
    assert [len(part) for part in lists.split_at_denoise(sigmas, 0.0)] == [5, 1]
    assert [len(part) for part in lists.split_at_denoise(sigmas, 1.0)] == [1, 5]
    assert lists.flipped(sigmas).tolist() == pytest.approx([0.0001, 1, 2, 3, 4])
    assert lists.with_first(sigmas, 9.0).tolist() == [9, 3, 2, 1, 0] and sigmas[0] == 4
    assert lists.extended(sigmas, 2, 3.0, 2.0, "linear").tolist() == [4, 3, 2.5, 2, 1.5, 1, 0]
    cosine = lists.extended(torch.tensor([1.0, 0.0]), 2, -1.0, 0.0, "cosine")
    assert cosine.tolist() == pytest.approx([1, 1 - math.sqrt(0.5), 0])
    assert lists.written("14.6, 7 | .5;1e-2 0").tolist() == pytest.approx([14.6, 7, 0.5, 0.01, 0])
    assert len(lists.written("none")) == 0 and len(lists.flipped(torch.zeros(0))) == 0
