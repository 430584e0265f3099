"""T2I-Adapter (arXiv 2302.08453): a small network that adds a picture's features to a UNet's.

Parameter names as in diffusers' T2IAdapter.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.control.config import AdapterConfig
from nodeflow.diffusion.packed import PackedConv2d
from nodeflow.diffusion.pointwise import PointwiseConv2d
from nodeflow.diffusion.unet.interventions import Interventions

WIDE_SPOTS = ((0, True), (1, False), (2, False))
"""Where SDXL's features are added; the last level's go to the middle."""


class Residual(nn.Module):
    """Two convolutions with a ReLU between them, on a residual path."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.block1 = PackedConv2d(width, width, 3, padding=1)
        self.block2: nn.Module = (
            PointwiseConv2d(width, width)
            if kernel == 1
            else PackedConv2d(width, width, kernel, padding=kernel // 2)
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.block2(F.relu(self.block1(x)))
        return out


class Level(nn.Module):
    """Halved where `down`, brought to a width, and through residual blocks."""

    def __init__(self, before: int, width: int, config: AdapterConfig, down: bool) -> None:
        super().__init__()
        inner = width // 4 if config.light else width
        self.down = down
        self.in_conv = PointwiseConv2d(before, inner) if config.light or before != inner else None
        self.resnets = nn.ModuleList(
            Residual(inner, 3 if config.light else 1) for _ in range(config.layers)
        )
        self.out_conv = PointwiseConv2d(inner, width) if config.light else None

    def forward(self, x: Tensor) -> Tensor:
        if self.down:
            x = F.avg_pool2d(x, 2, 2, ceil_mode=True)
        if self.in_conv is not None:
            x = self.in_conv(x)
        for residual in self.resnets:
            x = residual(x)
        return x if self.out_conv is None else self.out_conv(x)


class T2IAdapter(nn.Module):
    """It sees the picture alone, so what it gives is the same in every step."""

    def __init__(self, config: AdapterConfig) -> None:
        super().__init__()
        self.config = config
        widths, channels = config.widths, config.channels * config.shuffle**2
        self.conv_in = None if config.light else PackedConv2d(channels, widths[0], 3, padding=1)
        before = (channels if config.light else widths[0], *widths)
        self.body = nn.ModuleList(
            Level(before[i], width, config, i == 2 if config.wide else i > 0)
            for i, width in enumerate(widths)
        )

    def features(self, hint: Tensor) -> list[Tensor]:
        """Of `[B, 3, H, W]` in 0..1, one map a level; sides are filled up to whole cells."""
        shuffle = self.config.shuffle
        sides = [-(-side // shuffle) * shuffle for side in hint.shape[-2:]]
        if list(hint.shape[-2:]) != sides:
            hint = F.interpolate(hint, sides, mode="nearest-exact")
        if self.config.channels == 1:
            hint = hint.mean(dim=1, keepdim=True)
        x = F.pixel_unshuffle(hint, shuffle)
        if self.conv_in is not None:
            x = self.conv_in(x)
        found = []
        for level in self.body:
            x = level(x)
            found.append(x)
        return found

    def forward(
        self, x: Tensor, timesteps: Tensor, context: Tensor, y: Tensor | None, hint: Tensor
    ) -> Interventions:
        """What it adds, by places; all but the picture is left unread."""
        maps = self.features(hint)
        if not self.config.wide:
            return Interventions(features=tuple(((i, False), f) for i, f in enumerate(maps)))
        *upper, middle = maps
        places = zip(WIDE_SPOTS, upper, strict=True)
        return Interventions(features=tuple(places), mid_residual=middle)
