"""Masks `[batch, height, width]`, 1 where something applies."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.vae.codec import crop_to_cells
from nodeflow.imaging.paste import repeat_to


def fit(mask: Tensor, height: int, width: int) -> Tensor:
    """A mask as `[batch, 1, height, width]`, bilinear."""
    planes = mask.float().reshape(-1, 1, mask.shape[-2], mask.shape[-1])
    if planes.shape[-2:] != (height, width):
        planes = F.interpolate(planes, (height, width), mode="bilinear", align_corners=False)
    return planes


def grow(mask: Tensor, by: int) -> Tensor:
    """Widen a rounded mask `[batch, 1, h, w]` by a box filter of side `by`."""
    if by == 0:
        return mask.round()
    kernel = torch.ones(1, 1, by, by)
    padded = F.conv2d(mask.round(), kernel, padding=math.ceil((by - 1) / 2))
    return padded.clamp(0, 1)[..., : mask.shape[-2], : mask.shape[-1]].round()


def masked_grey(pixels: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The picture with its masked part at 0.5, and the mask `[b, 1, h, w]`, cropped to cells."""
    planes = fit(mask, pixels.shape[1], pixels.shape[2]).movedim(1, -1)
    count = max(len(pixels), len(planes))
    pixels, planes = (crop_to_cells(repeat_to(x, count)) for x in (pixels[..., :3], planes))
    return (pixels - 0.5) * (1 - planes.round()) + 0.5, planes.movedim(-1, 1)


def for_inpaint(pixels: Tensor, mask: Tensor, grow_by: int) -> tuple[Tensor, Tensor]:
    """The picture with its masked part at 0.5, cropped to cells, and the grown noise mask."""
    grey, planes = masked_grey(pixels, mask)
    return grey, grow(planes, grow_by)


Operation = Callable[[Tensor, Tensor], Tensor]
OPERATIONS: dict[str, Operation] = {
    "multiply": lambda a, b: a * b,
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "and": lambda a, b: torch.bitwise_and(a.round().bool(), b.round().bool()).float(),
    "or": lambda a, b: torch.bitwise_or(a.round().bool(), b.round().bool()).float(),
    "xor": lambda a, b: torch.bitwise_xor(a.round().bool(), b.round().bool()).float(),
}


def composite(destination: Tensor, source: Tensor, x: int, y: int, operation: str) -> Tensor:
    """The source laid on the destination at (x, y), combined where they overlap, in 0..1.

    The shorter batch is repeated to the longer one.
    """
    below = destination.reshape(-1, *destination.shape[-2:])
    source = source.reshape(-1, *source.shape[-2:])
    count = max(len(below), len(source))
    result, source = repeat_to(below, count).clone(), repeat_to(source, count)
    rows = min(source.shape[-2], result.shape[-2] - y)
    columns = min(source.shape[-1], result.shape[-1] - x)
    if rows <= 0 or columns <= 0:
        return result
    place = (slice(None), slice(y, y + rows), slice(x, x + columns))
    combined = OPERATIONS[operation](result[place], source[:, :rows, :columns])
    result[place] = combined
    return result.clamp(0, 1)
