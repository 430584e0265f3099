"""Reckoning with latents `[B, C, h, w]`."""

from torch import Tensor

from nodeflow.diffusion.resize import Method, resize
from nodeflow.imaging.paste import repeat_to


def same_size(x: Tensor, like: Tensor, method: Method = "bicubic") -> Tensor:
    """`x` with the size of `like`, cropped to its aspect ratio in the centre."""
    if x.shape[-2:] == like.shape[-2:]:
        return x
    return resize(x, like.shape[-1], like.shape[-2], method, crop=True)


def match(x: Tensor, like: Tensor, method: Method = "bicubic") -> Tensor:
    """`x` with the size and the count of `like`."""
    return repeat_to(same_size(x, like, method), len(like))


def interpolate(a: Tensor, b: Tensor, part: float) -> Tensor:
    """`part` of `a` and the rest of `b`, cell by cell: unit vectors mixed, then lengths."""
    long_a, long_b = (x.norm(dim=1, keepdim=True) for x in (a, b))
    unit_a, unit_b = (x / x.norm(dim=1, keepdim=True).clamp_min(1e-30) for x in (a, b))
    mixed = unit_a * part + unit_b * (1 - part)
    direction = mixed / mixed.norm(dim=1, keepdim=True).clamp_min(1e-30)
    length = long_a * part + long_b * (1 - part)
    result: Tensor = direction * length
    return result
