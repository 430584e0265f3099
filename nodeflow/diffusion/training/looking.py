"""Where a feature map looks: cells are taught to see the object in whose box they lie."""

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.gligen.network import Fuser

CELLS = 32
"""Cells of a map that are asked at a time."""
SMALLEST, LARGEST = 0.25, 0.9
"""Sides of boxes, as shares of the picture's."""


def boxes_anywhere(count: int, generator: torch.Generator) -> Tensor:
    """Boxes of any place and size: left, top, right, bottom as shares, `[count, 4]`."""
    size = SMALLEST + (LARGEST - SMALLEST) * torch.rand(count, 2, generator=generator)
    corner = torch.rand(count, 2, generator=generator) * (1 - size)
    return torch.cat([corner, corner + size], dim=1)


def inside(boxes: Tensor, side: int) -> Tensor:
    """Of which cells of a square map the middle lies in a box: bool `[n, side * side]`."""
    middle = (torch.arange(side) + 0.5) / side
    left, top, right, bottom = boxes[:, :, None].unbind(1)
    across = (middle >= left) & (middle < right)
    down = (middle >= top) & (middle < bottom)
    return (down[:, :, None] & across[:, None, :]).flatten(1)


def looking(
    fuser: Fuser, x: Tensor, told: Tensor, heads: int, boxes: Tensor, generator: torch.Generator
) -> Tensor:
    """How far cells are from looking at the first object where they lie in its box, and else not.

    x `[n, cells, width]` of a square map; told `[n, MOST, context]`; boxes `[n, 4]`. The
    cross-entropy of what each head gives to the object against all else, at some of the cells.
    """
    cells = x.shape[1]
    everything = fuser.norm1(torch.cat([x, fuser.linear(told)], dim=1))
    asked = torch.randperm(cells, generator=generator)[:CELLS]
    q, k = (
        part.unflatten(2, (heads, -1)).transpose(1, 2)
        for part in (fuser.attn.to_q(everything[:, asked]), fuser.attn.to_k(everything))
    )
    scores = q * q.shape[-1] ** -0.5 @ k.transpose(2, 3)
    rest = torch.cat([scores[..., :cells], scores[..., cells + 1 :]], dim=-1).logsumexp(dim=-1)
    odds = scores[..., cells] - rest
    right = inside(boxes, round(cells**0.5))[:, None, asked].expand_as(odds)
    return F.binary_cross_entropy_with_logits(odds, right.to(odds))
