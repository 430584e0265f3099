"""Growing a picture by borders that are to be painted."""

import torch
from torch import Tensor


def padded(
    image: Tensor, left: int, top: int, right: int, bottom: int, feathering: int
) -> tuple[Tensor, Tensor]:
    """The picture on grey, `[B, H, W, 3]`, and its mask `[1, H, W]`: 1 outside, falling inside.

    The mask falls with the square of the distance from the sides that were extended.
    """
    batch, rows, columns, channels = image.shape
    new = torch.full((batch, rows + top + bottom, columns + left + right, channels), 0.5)
    new[:, top : top + rows, left : left + columns] = image
    mask = torch.ones(rows + top + bottom, columns + left + right)
    inner = torch.zeros(rows, columns)
    if feathering > 0 and 2 * feathering < rows and 2 * feathering < columns:
        y = torch.arange(rows)[:, None].expand(rows, columns)
        x = torch.arange(columns)[None].expand(rows, columns)
        far = torch.full((rows, columns), max(rows, columns))
        distances = [
            y if top else far,
            rows - y if bottom else far,
            x if left else far,
            columns - x if right else far,
        ]
        nearest = torch.stack(distances).amin(0)
        inner = ((feathering - nearest).clamp(min=0) / feathering).square()
    mask[top : top + rows, left : left + columns] = inner
    return new, mask[None]
