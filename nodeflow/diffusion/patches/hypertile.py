"""HyperTile: self-attention within tiles of the feature map instead of over all of it.

Tiling has no quadratic cost; that each layer has a division of its own hides the seams
(T. Fischer, "HyperTile", 2023). The original draws the division at random in every call; here it
goes with the layer, so that a picture does not depend on what was drawn before it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from nodeflow.diffusion.recipe import Patch
from nodeflow.diffusion.unet.attention import attention
from nodeflow.diffusion.unet.interventions import AttentionOverride, Place


@dataclass(frozen=True, slots=True)
class HyperTile(Patch):
    """tile_size: smallest side of a tile, in pixels.

    swap_size: among how many divisions the layers choose, the finest first.
    max_depth: levels below this keep whole attention, 0 is full resolution.
    scale_depth: tiles have as many features at each level as at the first.
    """

    tile_size: int
    swap_size: int
    max_depth: int
    scale_depth: bool


def tiled_attention_of(
    patches: Sequence[Patch], rows: int, columns: int
) -> AttentionOverride | None:
    """Attention for a latent of `rows` by `columns`; None without such a patch."""
    patch = next((p for p in reversed(patches) if isinstance(p, HyperTile)), None)
    if patch is None:
        return None

    def attended(place: Place, q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
        size = map_size(q.shape[1], rows, columns)
        if place.level > patch.max_depth or size is None:
            return attention(q, k, v, heads)
        side = max(4, patch.tile_size // 8)
        side = side * 2**place.level if patch.scale_depth else side
        turn = place.index + (0 if place.stage == "down" else 1)
        down = divisions(size[0], side, patch.swap_size)
        across = divisions(size[1], side, patch.swap_size)
        grid = down[turn % len(down)], across[turn % len(across)]
        if grid == (1, 1):
            return attention(q, k, v, heads)
        q, k, v = (to_tiles(part, size, grid) for part in (q, k, v))
        return from_tiles(attention(q, k, v, heads), size, grid)

    return attended


def map_size(tokens: int, rows: int, columns: int) -> tuple[int, int] | None:
    """Rows and columns of a feature map of so many cells below a latent; None where none fits."""
    while rows * columns > tokens:
        if rows == columns == 1:
            return None
        rows, columns = math.ceil(rows / 2), math.ceil(columns / 2)
    return (rows, columns) if rows * columns == tokens else None


def divisions(length: int, smallest: int, choices: int) -> list[int]:
    """Into how many equal parts of at least `smallest` a length can be cut, most parts first."""
    smallest = min(smallest, length)
    sizes = [size for size in range(smallest, length + 1) if length % size == 0]
    return [length // size for size in sizes[: max(choices, 1)]]


def to_tiles(x: Tensor, size: tuple[int, int], grid: tuple[int, int]) -> Tensor:
    """`[batch, tokens, width]` to `[batch * tiles, tokens of a tile, width]`."""
    (rows, columns), (down, across) = size, grid
    batch, tokens, width = x.shape
    split = x.reshape(batch, down, rows // down, across, columns // across, width)
    return split.transpose(2, 3).reshape(batch * down * across, tokens // down // across, width)


def from_tiles(x: Tensor, size: tuple[int, int], grid: tuple[int, int]) -> Tensor:
    """The inverse of `to_tiles`."""
    (rows, columns), (down, across) = size, grid
    split = x.reshape(-1, down, across, rows // down, columns // across, x.shape[2])
    return split.transpose(2, 3).reshape(-1, rows * columns, x.shape[2])
