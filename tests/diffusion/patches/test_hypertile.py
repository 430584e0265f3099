"""Attention in tiles: its divisions, its equality to attention tile by tile, the node."""

import pytest
import torch

from nodeflow.diffusion.patches.hypertile import (
    HyperTile,
    divisions,
    from_tiles,
    map_size,
    tiled_attention_of,
    to_tiles,
)
from nodeflow.diffusion.unet.attention import attention
from nodeflow.diffusion.unet.interventions import Place
from tests.diffusion.patches.embedded import sampled
from tests.nodes.test_behaviour import call


def test_sizes_of_feature_maps() -> None:
    assert map_size(64 * 48, 64, 48) == (64, 48)
    assert map_size(17 * 12, 65, 48) == (17, 12)
    assert map_size(1, 65, 48) == (1, 1)
    assert map_size(50, 64, 48) is None


def test_divisions_are_whole_and_the_finest_first() -> None:
    assert divisions(64, 32, 2) == [2, 1]
    assert divisions(96, 30, 3) == [3, 2, 1]
    assert divisions(61, 32, 2) == [1]
    assert divisions(8, 32, 2) == [1]


@pytest.mark.parametrize("grid", [(1, 2), (2, 3), (4, 1)])
def test_tiles_hold_what_lies_in_them_and_come_back(grid: tuple[int, int]) -> None:
    x = torch.randn(2, 8 * 6, 5)
    tiles = to_tiles(x, (8, 6), grid)
    whole = x.view(2, 8, 6, 5)
    rows, columns = 8 // grid[0], 6 // grid[1]
    last = whole[1, -rows:, -columns:].reshape(rows * columns, 5)
    assert torch.equal(tiles[-1], last)
    assert torch.equal(from_tiles(tiles, (8, 6), grid), x)


def test_every_tile_attends_to_itself_alone() -> None:
    attend = tiled_attention_of((HyperTile(32, 1, 0, False),), 8, 16)
    assert attend is not None
    q, k, v = (torch.randn(2, 8 * 16, 12, dtype=torch.float64) for _ in range(3))
    found = attend(Place("down", 0, 0), q, k, v, 3).view(2, 8, 16, 12)
    for top in (0, 4):
        for left in (0, 4, 8, 12):
            parts = [
                p.view(2, 8, 16, 12)[:, top : top + 4, left : left + 4].reshape(2, 16, 12)
                for p in (q, k, v)
            ]
            wanted = attention(parts[0], parts[1], parts[2], 3).view(2, 4, 4, 12)
            assert torch.allclose(found[:, top : top + 4, left : left + 4], wanted)
    below = attend(Place("down", 1, 0), q[:, :32], k[:, :32], v[:, :32], 3)
    assert torch.equal(below, attention(q[:, :32], k[:, :32], v[:, :32], 3))


@pytest.mark.parametrize(("scaled", "side"), [(False, 2), (True, 1)])
def test_a_level_below_has_tiles_of_as_many_cells_or_of_as_much_picture(
    scaled: bool, side: int
) -> None:
    attend = tiled_attention_of((HyperTile(32, 1, 1, scaled),), 16, 16)
    assert attend is not None
    q, k, v = (torch.randn(1, 8 * 8, 12, dtype=torch.float64) for _ in range(3))
    found = attend(Place("down", 1, 0), q, k, v, 3)
    parts = (to_tiles(part, (8, 8), (side, side)) for part in (q, k, v))
    assert torch.allclose(found, from_tiles(attention(*parts, 3), (8, 8), (side, side)))


def test_the_node() -> None:
    plain = sampled(size=16)
    assert torch.equal(sampled(lambda m: call("HyperTile", m, 2048), 16), plain)
    tiled = sampled(lambda m: call("HyperTile", m, 32, 1, 1), 16)
    assert not torch.allclose(tiled, plain, atol=1e-3)
