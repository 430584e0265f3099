"""Convolutions whose weights lie as this processor's kernels read them.

oneDNN brings a convolution's weights into an order of its own in each call, which takes longer than
the arithmetic where pictures are small: SD1.5 has 1.7 GB of them. Here it is done when the size of
the input changes, in place of the plain weights, so that no second copy lies in memory. The results
do not depend on the order (`tests/diffusion/test_packed.py`).
"""

import platform
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.utils import swap_tensors

NARROW = 16
WIDEST, LARGEST = 1280, 256
"""Channels and pixels: of inputs over both, each thread adds up a share of the channels."""
Shape = tuple[int, int, int]
"""One image or more (1, 2), height, width: what the kernels' choice of an order depends on."""


@lru_cache(maxsize=1)
def can_pack() -> bool:
    """Whether this processor and this torch have kernels of this kind that were tried."""
    machine = platform.machine().lower() in ("x86_64", "amd64")
    return machine and bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


class PackedWeight(nn.Parameter):
    """A weight in the order of the kernels for inputs of a shape."""

    packed_for: Shape


class PackedConv2d(nn.Conv2d):
    """A convolution that packs its weights once `pack` has allowed it.

    Modules that share a weight share its order too.
    """

    packs = False

    def forward(self, x: Tensor) -> Tensor:
        """`[B, in, h, w]` to `[B, out, h, w]`."""
        if not self.packs or not self._suits(x) or (torch.is_grad_enabled() and x.requires_grad):
            out: Tensor = self._conv_forward(x, plain(self.weight), self.bias)
            return out
        shape = (min(len(x), 2), x.shape[-2], x.shape[-1])
        weight = self.weight
        if not isinstance(weight, PackedWeight) or weight.packed_for != shape:
            weight = self._packed(shape)
        out = torch.ops.mkldnn._convolution_pointwise(
            x, weight, self.bias, *self._geometry(), "none", [], ""
        )
        # Planes: GroupNorm of interleaved channels depends on the number of threads.
        return out.contiguous()

    def _suits(self, x: Tensor) -> bool:
        """Whether the packed kernels are better, and give the same bits on one thread and two."""
        pixels = x.shape[-2] * x.shape[-1]
        split = self.in_channels > WIDEST and pixels > LARGEST
        computed = "weight" not in self._parameters  # by an adapter that is trained
        on_cpu = x.device.type == "cpu" and x.dtype is torch.float32
        # Of larger pictures the kernels' planes take longer to put in order than the weights.
        # Narrow ones cost nothing, and give an image the same bits alone and in a batch.
        narrow = min(self.in_channels, self.out_channels) < NARROW
        pays = narrow or pixels <= 9 * self.out_channels
        return on_cpu and pays and not split and not computed

    def _geometry(self) -> tuple[list[int], list[int], list[int], int]:
        return [int(p) for p in self.padding], [*self.stride], [*self.dilation], self.groups

    def _packed(self, shape: Shape) -> PackedWeight:
        images, height, width = shape
        size = [images, self.in_channels, height, width]
        order = torch.ops.mkldnn._reorder_convolution_weight(
            plain(self.weight.data), *self._geometry(), size
        )
        packed = PackedWeight(order, requires_grad=False)
        packed.packed_for = shape
        try:
            swap_tensors(self.weight, packed)  # type: ignore[no-untyped-call]
        except RuntimeError:  # another thread computes with it: this one keeps its own
            return packed
        weight = self.weight
        assert isinstance(weight, PackedWeight)
        return weight


def pack(module: nn.Module) -> None:
    """Let the convolutions of a module pack their weights where that pays."""
    for part in module.modules() if can_pack() else ():
        if isinstance(part, PackedConv2d):
            part.packs = True


def unpack(module: nn.Module) -> None:
    """Give a module plain weights of its own again."""
    for part in module.modules():
        if isinstance(part, PackedConv2d):
            part.packs = False
            part.weight = nn.Parameter(plain(part.weight.data), requires_grad=False)


def plain(weight: Tensor) -> Tensor:
    """A weight as anybody can read it."""
    return weight.to_dense() if weight.is_mkldnn else weight
