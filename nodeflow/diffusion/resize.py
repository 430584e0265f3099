"""Resizing of pictures, masks and latents, `[B, C, H, W]`."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Method = Literal["nearest-exact", "bilinear", "area", "bicubic", "lanczos", "bislerp"]


def centre_crop(x: Tensor, width: int, height: int) -> Tensor:
    """Crop to the aspect ratio of `width` by `height`, in the centre."""
    rows, columns = x.shape[-2:]
    if columns * height > rows * width:
        kept = max(1, round(rows * width / height))
        start = round((columns - kept) / 2)
        return x[..., :, start : start + kept]
    kept = max(1, round(columns * height / width))
    start = round((rows - kept) / 2)
    return x[..., start : start + kept, :]


def resize(x: Tensor, width: int, height: int, method: Method, crop: bool = False) -> Tensor:
    """Resize, after cropping to the new aspect ratio where `crop` is set."""
    if crop:
        x = centre_crop(x, width, height)
    if tuple(x.shape[-2:]) == (height, width):
        return x.clone()
    if method == "lanczos":
        return lanczos(x, width, height)
    if method == "bislerp":
        return bislerp(x, width, height)
    if method in ("bilinear", "bicubic"):
        return F.interpolate(x, (height, width), mode=method, align_corners=False)
    return F.interpolate(x, (height, width), mode=method)


def lanczos(x: Tensor, width: int, height: int) -> Tensor:
    """Pillow's Lanczos on 8-bit values, as people know it from pictures in 0..1."""
    import numpy as np
    from PIL import Image

    resized = []
    for item in x:
        planes = (item.clamp(0, 1) * 255).round().to(torch.uint8)
        channels = [
            np.asarray(
                Image.fromarray(plane.numpy()).resize((width, height), Image.Resampling.LANCZOS)
            )
            for plane in planes.cpu()
        ]
        resized.append(torch.from_numpy(np.stack(channels)).float() / 255)
    return torch.stack(resized).to(x)


def slerp(a: Tensor, b: Tensor, part: Tensor) -> Tensor:
    """Spherical interpolation of vectors `[n, C]`, lengths linearly; `part` `[n, 1]`."""
    long_a, long_b = (v.norm(dim=-1, keepdim=True) for v in (a, b))
    unit_a = torch.where(long_a > 0, a / long_a.clamp_min(1e-30), 0)
    unit_b = torch.where(long_b > 0, b / long_b.clamp_min(1e-30), 0)
    cosine = (unit_a * unit_b).sum(-1, keepdim=True).clamp(-1, 1)
    angle = cosine.acos()
    sine = angle.sin()
    turned = ((1 - part) * angle).sin() / sine * unit_a + (part * angle).sin() / sine * unit_b
    mixed = turned * (long_a * (1 - part) + long_b * part)
    mixed = torch.where(cosine > 1 - 1e-5, a, mixed)
    return torch.where(cosine < 1e-5 - 1, a * (1 - part) + b * part, mixed)


def _along_last(x: Tensor, size: int) -> Tensor:
    before = x.shape[-1]
    places = ((torch.arange(size, dtype=torch.float32) + 0.5) * before / size - 0.5).clamp(
        0, before - 1
    )
    low = places.floor().long()
    high = (low + 1).clamp(max=before - 1)
    part = (places - low).to(x)
    vectors = x.movedim(1, -1)
    a, b = vectors[..., low, :], vectors[..., high, :]
    weights = part[:, None].expand((*a.shape[:-1], 1))
    channels = a.shape[-1]
    mixed = slerp(a.reshape(-1, channels), b.reshape(-1, channels), weights.reshape(-1, 1))
    return mixed.reshape(a.shape).movedim(-1, 1)


def bislerp(x: Tensor, width: int, height: int) -> Tensor:
    """Spherical interpolation of the channel vectors, first along rows, then columns."""
    wide = _along_last(x.float(), width)
    tall = _along_last(wide.transpose(-1, -2), height).transpose(-1, -2)
    return tall.to(x)
