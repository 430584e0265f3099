"""Token merging against the paper's rule, cell by cell, and on the embedded model."""

import torch
from torch import Tensor

from nodeflow.diffusion.patches.token_merging import (
    TokenMerging,
    destinations,
    merged_attention_of,
    merging,
)
from nodeflow.diffusion.unet.attention import attention
from nodeflow.diffusion.unet.interventions import Place
from tests.diffusion.patches.embedded import sampled
from tests.nodes.test_behaviour import call

PLACE = Place("down", 0, 1)


def test_one_destination_in_every_square() -> None:
    chosen = destinations((6, 9), PLACE).view(6, 9)
    squares = chosen[:, :8].view(3, 2, 4, 2).sum((1, 3))
    assert torch.equal(squares, torch.ones(3, 4, dtype=squares.dtype)) and not chosen[:, 8].any()
    assert not torch.equal(destinations((6, 9), Place("up", 0, 1)).view(6, 9), chosen)


def by_hand(x: Tensor, metric: Tensor, to: list[int], source: list[int], count: int) -> Tensor:
    """What every cell gets back when merged cells keep their means, one image."""
    unit = metric / metric.norm(dim=-1, keepdim=True)
    best = [(max((float(unit[s] @ unit[t]), -t) for t in to), s) for s in source]
    best.sort(key=lambda pair: -pair[0][0])
    members: dict[int, list[int]] = {t: [t] for t in to}
    for (_, target), cell in best[:count]:
        members[-target].append(cell)
    result = x.clone()
    for cells in members.values():
        result[cells] = x[cells].mean(0)
    return result


def test_merging_and_restoring_gives_each_group_its_mean() -> None:
    metric = torch.randn(2, 24, 7, dtype=torch.float64)
    x = torch.randn(2, 24, 5, dtype=torch.float64)
    chosen = destinations((4, 6), PLACE)
    merge, restore = merging(metric, chosen, 0.4)
    merged = merge(x)
    assert merged.shape == (2, 24 - 9, 5)
    order = list(range(24))
    to, source = [i for i in order if chosen[i]], [i for i in order if not chosen[i]]
    for image in range(2):
        wanted = by_hand(x[image], metric[image], to, source, 9)
        assert torch.allclose(restore(merged)[image], wanted)


def test_queries_alone_are_merged_and_at_full_resolution_alone() -> None:
    attend = merged_attention_of((TokenMerging(0.5),), 8, 8)
    assert attend is not None
    q, k, v = (torch.randn(1, 64, 12, dtype=torch.float64) for _ in range(3))
    merge, restore = merging(q, destinations((8, 8), PLACE), 0.5)
    assert torch.equal(attend(PLACE, q, k, v, 3), restore(attention(merge(q), k, v, 3)))
    below = [part[:, :16] for part in (q, k, v)]
    found = attend(Place("down", 1, 0), *below, 3)
    assert torch.equal(found, attention(*below, 3))


def test_the_node() -> None:
    plain = sampled()
    assert torch.equal(sampled(lambda m: call("TomePatchModel", m, 0.0)), plain)
    merged = sampled(lambda m: call("TomePatchModel", m, 0.5))
    assert not torch.allclose(merged, plain, atol=1e-3)
