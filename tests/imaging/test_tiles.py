"""Tiles cover everything, blend to the whole, and bound what a function sees."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nodeflow.imaging.tiles import apply_tiled, places, starts


def quiet(done: int, total: int) -> None:
    """Listen to no progress."""


@given(st.integers(1, 300), st.integers(1, 80), st.integers(0, 40))
def test_tiles_cover_a_side(size: int, tile: int, overlap: int) -> None:
    begun = starts(size, tile, min(overlap, tile - 1))
    covered = {i for start in begun for i in range(start, min(start + tile, size))}
    assert covered == set(range(size)) and begun == sorted(set(begun))


@pytest.mark.parametrize("factor", [1, 2, 0.5])
def test_a_pointwise_function_is_not_changed_by_tiling(factor: float) -> None:
    x = torch.rand(2, 3, 40, 56, generator=torch.Generator().manual_seed(0))

    def function(part: torch.Tensor) -> torch.Tensor:
        assert max(part.shape[-2:]) <= 16
        return torch.nn.functional.interpolate(part, scale_factor=factor, mode="nearest") * 2

    done: list[tuple[int, int]] = []
    out = apply_tiled(x, function, 16, 4, lambda n, total: done.append((n, total)))
    whole = torch.nn.functional.interpolate(x, scale_factor=factor, mode="nearest") * 2
    assert torch.allclose(out, whole, atol=1e-6)
    assert done[-1][0] == done[-1][1] == len(list(places(40, 56, 16, 4)))


def test_one_tile_is_the_function_itself() -> None:
    x = torch.rand(1, 1, 9, 7)
    assert torch.equal(apply_tiled(x, torch.sin, 16, 4, quiet), torch.sin(x))


def test_overlaps_fade_from_one_tile_to_the_next() -> None:
    seen = iter(range(100))
    x = torch.zeros(1, 1, 4, 28)
    out = apply_tiled(x, lambda part: torch.full_like(part, next(seen)), 16, 4, quiet)[0, 0, 0]
    assert out[:12].eq(0).all() and out[16:].eq(1).all()
    assert bool((out[11:17].diff() >= 0).all()) and 0.1 < float(out[13]) < 0.9
