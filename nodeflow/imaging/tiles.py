"""A function of planes applied tile by tile, overlaps blended, so that memory stays bounded."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from nodeflow.diffusion.tiles import starts

Tiled = Callable[[Tensor], Tensor]


def ramp(size: int, overlap: int, first: bool, last: bool) -> Tensor:
    """Weights along a tile's side: rising over the overlap, flat where the picture ends."""
    weight = torch.ones(size)
    width = min(overlap, size)
    rise = (torch.arange(width) + 1) / (width + 1)
    if width and not first:
        weight[:width] = torch.minimum(weight[:width], rise)
    if width and not last:
        weight[size - width :] = torch.minimum(weight[size - width :], rise.flip(0))
    return weight


def places(height: int, width: int, tile: int, overlap: int) -> Iterator[tuple[slice, slice]]:
    """(rows, columns) of every tile."""
    for top in starts(height, tile, overlap):
        for left in starts(width, tile, overlap):
            yield slice(top, min(top + tile, height)), slice(left, min(left + tile, width))


def apply_tiled(
    x: Tensor, function: Tiled, tile: int, overlap: int, on_tile: Callable[[int, int], None]
) -> Tensor:
    """`function` over tiles of `[B, C, H, W]`; what it returns may be larger or smaller.

    Every tile's output must be the tile times one factor, the same for all. `on_tile(done,
    total)` may raise to cancel. Where one tile is enough the result is that of the function.
    """
    height, width = x.shape[-2:]
    every = list(places(height, width, tile, overlap))
    total: Tensor | None = None
    norm: Tensor | None = None
    for index, (rows, columns) in enumerate(every):
        out = function(x[..., rows, columns])
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        if total is None or norm is None:
            sides = (height * out.shape[-2] // high, width * out.shape[-1] // wide)
            total = torch.zeros(*out.shape[:-2], *sides, dtype=out.dtype, device=out.device)
            norm = torch.zeros(1, 1, *sides, device=out.device)
        top, left = rows.start * out.shape[-2] // high, columns.start * out.shape[-1] // wide
        soft = overlap * out.shape[-2] // high
        down = ramp(out.shape[-2], soft, rows.start == 0, rows.stop == height)
        across = ramp(out.shape[-1], soft, columns.start == 0, columns.stop == width)
        weight = (down[:, None] * across[None]).to(out)
        place = (..., slice(top, top + out.shape[-2]), slice(left, left + out.shape[-1]))
        total[place] += out * weight
        norm[place] += weight
        on_tile(index + 1, len(every))
    assert total is not None and norm is not None
    return total / norm
