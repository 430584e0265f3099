"""Guidance of three prompts, by its formulas."""

import pytest
import torch
from torch import Tensor

from nodeflow.diffusion.conditioning import Area, ConditioningEntry
from nodeflow.diffusion.guidance.dual import DualPrompts
from nodeflow.diffusion.guidance.perp_neg import PerpNegPrompts, across
from nodeflow.diffusion.guidance.rows import Guider, Wish
from nodeflow.diffusion.latent_scale import LatentScale
from nodeflow.diffusion.samplers.step import ModelCall
from nodeflow.diffusion.sampling.setting import GuidanceValue, Setting, Space
from nodeflow.diffusion.sampling.trajectory import Prompts
from nodeflow.diffusion.schedule.discrete import stable_diffusion

SPACE = Space(stable_diffusion(), LatentScale(0.18215))


def entry(value: float, area: Area | None = None) -> tuple[ConditioningEntry, ...]:
    """An embedding full of one value."""
    return (ConditioningEntry(torch.full((1, 77, 8), value), area=area),)


def guided(
    prompts: GuidanceValue, x: Tensor, both: bool = False, guider: Guider | None = None
) -> tuple[Tensor, list[int]]:
    """One evaluation by a network that gives x + embedding², and the sizes of its wishes."""
    guider = guider or prompts.guider(Setting(SPACE, x, None, 0))
    guide = guider(ModelCall(x, 5.0, 0, both))
    sizes: list[int] = []

    def answer(wish: Wish) -> list[Tensor]:
        sizes.append(len(wish))
        return [rows.x * 0 + rows.x.roll(1, 3) * rows.embedding.mean() ** 2 for rows in wish]

    try:
        wish = next(guide)
        while True:
            wish = guide.send(answer(wish))
    except StopIteration as end:
        return end.value, sizes


X = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
A, B, N = X.roll(1, 3) * 9, X.roll(1, 3) * 4, X.roll(1, 3)


def test_dual_guidance_in_one_wish() -> None:
    regular = DualPrompts(entry(3.0), entry(2.0), entry(1.0), 1.5, 4.0)
    found, sizes = guided(regular, X)
    assert torch.allclose(found, N + 4.0 * (B - N) + 1.5 * (A - B), atol=1e-5) and sizes == [3]
    nested = DualPrompts(entry(3.0), entry(2.0), entry(1.0), 1.5, 4.0, nested=True)
    found, _ = guided(nested, X, both=True)
    assert torch.allclose(found[0], N + 4.0 * (B + 1.5 * (A - B) - N), atol=1e-4)
    assert torch.allclose(found[1], N)


def test_perp_neg_is_at_right_angles_image_by_image() -> None:
    along, vector = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8)
    part = across(vector, along)
    assert (part * along).sum((1, 2, 3)).abs().max() < 1e-3
    assert torch.equal(across(vector[:1], along[:1]), part[:1])
    assert torch.equal(across(vector, torch.zeros_like(along)), vector)


def test_perp_neg() -> None:
    """The network's three answers are parallel, so nothing of the negative prompt is left."""
    prompts = PerpNegPrompts(entry(3.0), entry(2.0), entry(1.0), 5.0, 1.0)
    found, sizes = guided(prompts, X)
    assert torch.allclose(found, N + 5.0 * (A - N), atol=1e-4) and sizes == [3]


def test_perp_neg_takes_away_what_is_across_of_the_two_differences() -> None:
    cfg, neg_scale = 5.0, 0.7
    prompts = PerpNegPrompts(entry(3.0), entry(2.0), entry(1.0), cfg, neg_scale)
    guide = prompts.guider(Setting(SPACE, X, None, 0))(ModelCall(X, 5.0, 0, False))
    assert [float(rows.embedding.mean()) for rows in next(guide)] == [3.0, 2.0, 1.0]
    made = torch.Generator().manual_seed(2)
    answers = torch.randn(3, *X.shape, dtype=torch.float64, generator=made)
    with pytest.raises(StopIteration) as end:
        guide.send(list(answers))
    for image, found in enumerate(end.value.value):
        positive, negative, empty = answers[:, image]
        towards, away = positive - empty, negative - empty
        away = away - (away * towards).sum() / towards.norm() ** 2 * towards
        assert torch.allclose(found, empty + cfg * (towards - neg_scale * away))


@pytest.mark.parametrize("both", [False, True])
def test_areas_reach_every_side(both: bool) -> None:
    area = Area(8, 4, 0, 0)
    found, sizes = guided(Prompts(entry(2.0, area), entry(1.0), 2.0), X, both)
    assert found.isfinite().all() and sizes == [3]


def test_one_prompt_alone_costs_one_row_and_cfg_pp_asks_for_the_rest() -> None:
    found, sizes = guided(Prompts(entry(2.0), entry(1.0), 1.0), X)
    assert torch.equal(found, B) and sizes == [1]
    found, sizes = guided(Prompts(entry(2.0), entry(1.0), 1.0), X, both=True)
    assert torch.allclose(found[0], B) and torch.equal(found[1], N) and sizes == [2]
    found, sizes = guided(Prompts(entry(2.0), (), 1.0), X)
    assert torch.equal(found, B) and sizes == [1]
