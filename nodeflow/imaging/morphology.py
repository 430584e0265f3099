"""Erosion, dilation and what is made of them, for planes `[B, C, H, W]`."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Operation = Literal["erode", "dilate", "open", "close", "gradient", "bottom_hat", "top_hat"]


def dilate(x: Tensor, size: int) -> Tensor:
    """The largest value in a square of `size` (odd) around each place."""
    return F.max_pool2d(x, size, stride=1, padding=size // 2)


def erode(x: Tensor, size: int) -> Tensor:
    """The smallest value in a square of `size` (odd) around each place."""
    return -dilate(-x, size)


def apply(x: Tensor, operation: Operation, size: int) -> Tensor:
    """One of the classic operations with a square of side `size`, made odd."""
    size = size // 2 * 2 + 1
    match operation:
        case "erode":
            return erode(x, size)
        case "dilate":
            return dilate(x, size)
        case "open":
            return dilate(erode(x, size), size)
        case "close":
            return erode(dilate(x, size), size)
        case "gradient":
            return dilate(x, size) - erode(x, size)
        case "top_hat":
            return x - dilate(erode(x, size), size)
        case "bottom_hat":
            return erode(dilate(x, size), size) - x


def grow(mask: Tensor, by: int, tapered: bool) -> Tensor:
    """Widen (`by` > 0) or narrow (`by` < 0) a mask `[B, H, W]` cell by cell.

    Tapered: a cross instead of a square in each step, which leaves corners cut. What lies
    outside the mask's borders takes no part.
    """
    x = mask[:, None] if by >= 0 else -mask[:, None]
    for _ in range(abs(by)):
        if tapered:
            rows = F.max_pool2d(x, (1, 3), stride=1, padding=(0, 1))
            columns = F.max_pool2d(x, (3, 1), stride=1, padding=(1, 0))
            x = torch.maximum(rows, columns)
        else:
            x = dilate(x, 3)
    return (x if by >= 0 else -x)[:, 0]
