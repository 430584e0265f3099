"""1 by 1 convolutions."""

import torch
from torch import Tensor, nn


class PointwiseConv2d(nn.Conv2d):
    """A 1 by 1 convolution as a matrix product, with a convolution's weights and names.

    oneDNN's kernel for it gives other last bits with another number of threads; results are kept
    and shared by keys that do not know that number. The product does not, and takes no longer.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, in, h, w]` to `[B, out, h, w]`."""
        product = torch.matmul(self.weight.flatten(1), x.flatten(2))
        if self.bias is not None:
            product = product + self.bias[:, None]
        return product.view(len(x), -1, *x.shape[2:])
