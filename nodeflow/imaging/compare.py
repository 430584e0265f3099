"""How alike two pictures are. Both IMAGE `[B, H, W, 3 or 4]` of one shape, in 0..1."""

import math

import torch
from torch import Tensor

from nodeflow.diffusion.blur import separable_gaussian
from nodeflow.imaging.paste import with_channels


def psnr(a: Tensor, b: Tensor) -> float:
    """Peak signal-to-noise ratio in dB; infinite where they are equal."""
    error = float((a.double() - b.double()).square().mean())
    return math.inf if error == 0 else -10 * math.log10(error)


def ssim(a: Tensor, b: Tensor) -> float:
    """Structural similarity (Wang et al. 2004): window 11, sigma 1.5, mean over channels.

    Borders of 5 pixels are left out where the picture is larger than the window.
    """
    x, y = a.movedim(-1, 1).double(), b.movedim(-1, 1).double()
    size, c1, c2 = 11, 0.01**2, 0.03**2

    def mean(z: Tensor) -> Tensor:
        return separable_gaussian(z, size, 1.5)

    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    score = ((2 * mx * my + c1) * (2 * cov + c2)) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    if min(x.shape[-2:]) > size:
        score = score[..., size // 2 : -(size // 2), size // 2 : -(size // 2)]
    return float(score.mean())


def difference(a: Tensor, b: Tensor, gain: float) -> Tensor:
    """Where they differ: absolute difference times `gain`, clamped, `[B, H, W, 3]`.

    A difference in alpha is grey.
    """
    apart = (a - b).abs() * gain
    if apart.shape[-1] > 3:
        apart = torch.maximum(apart[..., :3], apart[..., 3:])
    return apart.clamp(0, 1)


def histogram(image: Tensor, height: int = 128) -> Tensor:
    """Counts of the 256 levels of red, green and blue as a picture `[1, height, 256, 3]`."""
    bars = torch.zeros(height, 256, 3)
    levels = torch.arange(height, 0, -1)[:, None] / height
    values = (image[..., :3].clamp(0, 1) * 255).round().reshape(-1, 3).cpu()
    counts = torch.stack([torch.histc(values[:, c], 256, -0.5, 255.5) for c in range(3)], -1)
    scaled = counts / counts.max().clamp(min=1)
    bars = (levels[:, :, None] <= scaled[None]).float()
    return bars[None]


def comparable(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the same channels: one without alpha is opaque.

    Raises ValueError with both sizes where they differ.
    """
    channels = max(a.shape[-1], b.shape[-1])
    a, b = (with_channels(image, channels) for image in (a, b))
    if a.shape != b.shape:
        sizes = [f"{x.shape[2]} x {x.shape[1]} (batch of {x.shape[0]})" for x in (a, b)]
        raise ValueError(f"the pictures differ in size: {sizes[0]} and {sizes[1]}")
    return a, b
