"""Guidance: both sides of a prompt, areas, masks, times, embeddings of several lengths."""

import math

import pytest
import torch
from torch import Tensor

from nodeflow.diffusion.conditioning import Area, AreaFraction, ConditioningEntry
from nodeflow.diffusion.guidance.classifier_free import ClassifierFree
from nodeflow.diffusion.guidance.mix import averaged
from nodeflow.diffusion.guidance.regions import edge_ramp, mask_bounds, region, resolve
from nodeflow.diffusion.samplers.step import ModelCall
from nodeflow.diffusion.sampling.evaluate import evaluate
from nodeflow.diffusion.sampling.texts import joined_contexts
from tests.diffusion.exact import SD
from tests.diffusion.told_apart import Linear, denoiser, entry


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
