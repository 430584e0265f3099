"""Blur, sharpening, edges and the drawings made of them, for IMAGE `[B, H, W, C]`."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.blur import separable_gaussian


def gaussian_kernel(radius: int, sigma: float) -> Tensor:
    """`[2r + 1, 2r + 1]`, sum 1; `sigma` counts in radii, as ImageBlur's input does."""
    line = torch.linspace(-1, 1, 2 * radius + 1)
    square = line[:, None] ** 2 + line[None] ** 2
    kernel = torch.exp(-square / (2 * sigma**2))
    return kernel / kernel.sum()


def _filtered(image: Tensor, kernel: Tensor) -> Tensor:
    planes = image.movedim(-1, 1)
    channels, radius = planes.shape[1], kernel.shape[0] // 2
    mode = "reflect" if min(planes.shape[-2:]) > radius else "replicate"
    padded = F.pad(planes, [radius] * 4, mode)
    weight = kernel.to(planes).expand(channels, 1, *kernel.shape)
    return F.conv2d(padded, weight, groups=channels).movedim(1, -1)


def blur(image: Tensor, radius: int, sigma: float) -> Tensor:
    """Gaussian blur; radius 0 changes nothing."""
    return image.clone() if radius == 0 else _filtered(image, gaussian_kernel(radius, sigma))


def sharpen(image: Tensor, radius: int, sigma: float, alpha: float) -> Tensor:
    """Unsharp mask: what a blur takes away is added `10 alpha` times, clamped to 0..1."""
    if radius == 0:
        return image.clone()
    kernel = -10 * alpha * gaussian_kernel(radius, sigma)
    kernel[radius, radius] += 1 + 10 * alpha
    return _filtered(image, kernel).clamp(0, 1)


def grey(image: Tensor) -> Tensor:
    """Luma of BT.601, `[B, 1, H, W]`."""
    weights = torch.tensor([0.299, 0.587, 0.114]).to(image)
    return (image[..., :3] @ weights)[:, None]


def sobel(x: Tensor) -> tuple[Tensor, Tensor]:
    """Derivatives of planes `[B, 1, H, W]` along x and y by Sobel's filter, weights' sum 1."""
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]).to(x) / 8
    padded = F.pad(x, [1] * 4, "replicate")
    return (
        F.conv2d(padded, across[None, None]),
        F.conv2d(padded, across.T[None, None].contiguous()),
    )


def line_drawing(image: Tensor, sigma: float, strength: float) -> Tensor:
    """White lines on black where the luma is darker than around it, `[B, H, W, 3]`.

    A difference of Gaussians with a soft threshold (XDoG, Winnemoeller et al. 2012).
    """
    luma = grey(image)
    size = 2 * math.ceil(3 * sigma * 1.6) + 1
    narrow = separable_gaussian(luma, size, sigma)
    wide = separable_gaussian(luma, size, sigma * 1.6)
    lines = torch.tanh(((wide - narrow) * strength * 20).clamp(min=0))
    return lines.movedim(1, -1).expand(-1, -1, -1, 3).contiguous()


def normals_from_depth(depth: Tensor, strength: float) -> Tensor:
    """Surface normals of a depth picture, near is bright, as colours `(n + 1) / 2`.

    Red points to the left, green up, blue to the viewer: what control nets for normals were
    trained on (the model cards of ControlNet's normal and ControlNet 1.1's normalbae).
    """
    dx, dy = sobel(grey(depth))
    normal = torch.cat([dx * strength, dy * strength, torch.ones_like(dx)], 1)
    normal = F.normalize(normal, dim=1)
    return ((normal + 1) / 2).movedim(1, -1)
