"""Laying one batch of planes `[B, C, H, W]` on another: pictures and latents alike."""

import torch
import torch.nn.functional as F
from torch import Tensor


def repeat_to(x: Tensor, count: int) -> Tensor:
    """The items of a batch in turn until there are `count` of them."""
    if len(x) == count:
        return x
    times = -(-count // len(x))
    return x.repeat(times, *[1] * (x.dim() - 1))[:count]


def with_channels(image: Tensor, count: int) -> Tensor:
    """IMAGE `[B, H, W, C]` with `count` channels: opaque where it had no alpha, without it if 3."""
    return F.pad(image, [0, count - image.shape[-1]], value=1.0)


def paste(destination: Tensor, source: Tensor, x: int, y: int, weight: Tensor | None) -> Tensor:
    """`source` laid on a copy of `destination`, its upper left corner at (x, y).

    weight: `[1 or B, 1, h, w]` in 0..1, resized bilinearly to the source; how much of the source
    stands in the result. Parts outside the destination are cut off; x and y may be negative.
    """
    rows, columns = destination.shape[-2:]
    high, wide = source.shape[-2:]
    source = repeat_to(source.to(destination), len(destination))
    if weight is None:
        weight = torch.ones(1, 1, high, wide)
    weight = weight.to(destination)
    if weight.shape[-2:] != (high, wide):
        weight = F.interpolate(weight, (high, wide), mode="bilinear", align_corners=False)
    weight = repeat_to(weight, len(destination))
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + high, rows), min(x + wide, columns)
    result = destination.clone()
    if top >= bottom or left >= right:
        return result
    inner = (..., slice(top - y, bottom - y), slice(left - x, right - x))
    place = (..., slice(top, bottom), slice(left, right))
    result[place] = torch.lerp(destination[place], source[inner], weight[inner])
    return result


def _ramp(size: int, start: int, end: int) -> Tensor:
    ramp = torch.ones(size)
    start, end = min(start, size), min(end, size)
    if start:
        ramp[:start] *= (torch.arange(start) + 1) / start
    if end:
        ramp[size - end :] *= ((torch.arange(end) + 1) / end).flip(0)
    return ramp


def feather(height: int, width: int, left: int, top: int, right: int, bottom: int) -> Tensor:
    """`[height, width]` of ones that fall towards the sides: cell t of n has (t + 1) / n."""
    return _ramp(height, top, bottom)[:, None] * _ramp(width, left, right)[None]
