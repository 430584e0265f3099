"""A picture doubled by nearest neighbour and then convolved, without the doubled picture.

Of the nine pixels that a 3x3 kernel covers in a doubled picture, several are copies of one: each
of the four kinds of output pixels (even or odd row, even or odd column) is a 2x2 convolution of
the small picture, whose weights are sums of the kernel's. That is 16 products instead of 36, in
the sub-pixel arrangement of arXiv 1609.05158.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def double_and_convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`[B, in, h, w]` with a kernel `[out, in, 3, 3]`, padded by one, to `[B, out, 2h, 2w]`.

    What `conv2d(interpolate(x, scale_factor=2), weight, bias, padding=1)` gives, but for the
    order of its sums.
    """
    images, _, height, width = x.shape
    padded = F.pad(x, (1, 1, 1, 1))
    doubled = x.new_empty(images, len(weight), height, 2, width, 2)
    for row, rows in enumerate(halves(weight, 2)):
        for column, kernel in enumerate(halves(rows, 3)):
            seen = padded[:, :, row : row + height + 1, column : column + width + 1]
            doubled[:, :, :, row, :, column] = F.conv2d(seen, kernel, bias)
    return doubled.view(images, len(weight), 2 * height, 2 * width)


def halves(weight: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The kernel along one dimension, three taps to two, for even and odd output pixels."""
    first, middle, last = weight.unbind(dim)
    even = torch.stack((first, middle + last), dim)
    odd = torch.stack((first + middle, last), dim)
    return even, odd
