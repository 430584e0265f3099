"""ESRGAN's generator (RRDBNet, arXiv 1809.00219), and Real-ESRGAN's for factors 1 and 2.

Parameter names are those of BasicSR's files; `names.py` reads the older ones.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.packed import PackedConv2d

SLOPE = 0.2
"""Of the leaky ReLUs."""
RESIDUAL = 0.2
"""Share of each residual branch."""


@dataclass(frozen=True, slots=True)
class RRDBConfig:
    """Sizes of the network. unshuffle: pixels of a square put into channels first (1, 2 or 4)."""

    width: int = 64
    blocks: int = 23
    growth: int = 32
    doublings: int = 2
    unshuffle: int = 1
    channels: int = 3

    @property
    def scale(self) -> int:
        """How many times larger the picture becomes."""
        return max(1, (1 << self.doublings) // self.unshuffle)


class DenseBlock(nn.Module):
    """Five convolutions, each seeing all before it."""

    def __init__(self, config: RRDBConfig) -> None:
        super().__init__()
        width, growth = config.width, config.growth
        for i in range(1, 6):
            out = growth if i < 5 else width
            self.add_module(f"conv{i}", PackedConv2d(width + (i - 1) * growth, out, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        seen = [x]
        for i in range(1, 5):
            conv = self.get_submodule(f"conv{i}")
            seen.append(F.leaky_relu(conv(torch.cat(seen, 1)), SLOPE))
        out: Tensor = self.get_submodule("conv5")(torch.cat(seen, 1))
        return x + RESIDUAL * out


class RRDB(nn.Module):
    """Three dense blocks inside one more residual."""

    def __init__(self, config: RRDBConfig) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(config)
        self.rdb2 = DenseBlock(config)
        self.rdb3 = DenseBlock(config)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rdb3(self.rdb2(self.rdb1(x)))
        return x + RESIDUAL * out


class RRDBNet(nn.Module):
    """`[B, 3, H, W]` in 0..1 to `[B, 3, scale · H, scale · W]`, not clamped."""

    def __init__(self, config: RRDBConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.conv_first = PackedConv2d(config.channels * config.unshuffle**2, width, 3, padding=1)
        self.body = nn.ModuleList(RRDB(config) for _ in range(config.blocks))
        self.conv_body = PackedConv2d(width, width, 3, padding=1)
        for i in range(1, config.doublings + 1):
            self.add_module(f"conv_up{i}", PackedConv2d(width, width, 3, padding=1))
        self.conv_hr = PackedConv2d(width, width, 3, padding=1)
        self.conv_last = PackedConv2d(width, config.channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        factor = self.config.unshuffle
        height, width = x.shape[-2:]
        if factor > 1:
            mode = "reflect" if min(height, width) >= factor else "replicate"
            x = F.pad(x, [0, -width % factor, 0, -height % factor], mode)
            x = F.pixel_unshuffle(x, factor)
        x = self.conv_first(x)
        h = x
        for block in self.body:
            h = block(h)
        x = x + self.conv_body(h)
        for i in range(1, self.config.doublings + 1):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = F.leaky_relu(self.get_submodule(f"conv_up{i}")(x), SLOPE)
        out: Tensor = self.conv_last(F.leaky_relu(self.conv_hr(x), SLOPE))
        scale = self.config.scale
        return out[..., : height * scale, : width * scale]
