"""Gaussian blur of planes."""

import torch
import torch.nn.functional as F
from torch import Tensor


def separable_gaussian(x: Tensor, size: int, sigma: float) -> Tensor:
    """Gaussian blur of planes `[B, C, H, W]`, `sigma` in pixels, `size` odd, borders mirrored."""
    places = torch.arange(size, dtype=x.dtype, device=x.device) - size // 2
    line = torch.exp(-(places**2) / (2 * sigma**2))
    line = line / line.sum()
    half, channels = size // 2, x.shape[1]
    mode = "reflect" if min(x.shape[-2:]) > half else "replicate"
    padded = F.pad(x, [half] * 4, mode)
    rows = F.conv2d(padded, line[None, None, None].expand(channels, 1, 1, -1), groups=channels)
    tall = line[None, None, :, None].expand(channels, 1, -1, 1)
    return F.conv2d(rows, tall, groups=channels)
