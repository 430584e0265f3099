"""The UNet's levels (arXiv 2112.10752; parameter names as in diffusers)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.packed import PackedConv2d
from nodeflow.diffusion.pointwise import PointwiseConv2d
from nodeflow.diffusion.unet.attention import Transformer2D
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import Interventions, Place


class ResnetBlock(nn.Module):
    """Two convolutions behind GroupNorm and SiLU; the time embedding is added between them."""

    def __init__(self, in_channels: int, out_channels: int, time_width: int, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, in_channels, eps=1e-5)
        self.conv1 = PackedConv2d(in_channels, out_channels, 3, padding=1)
        self.time_emb_proj = nn.Linear(time_width, out_channels)
        self.norm2 = nn.GroupNorm(groups, out_channels, eps=1e-5)
        self.conv2 = PackedConv2d(out_channels, out_channels, 3, padding=1)
        self.conv_shortcut = (
            PointwiseConv2d(in_channels, out_channels) if in_channels != out_channels else None
        )

    def forward(self, x: Tensor, activated_time: Tensor) -> Tensor:
        """`activated_time` is SiLU of the time embedding, the same for every block."""
        # Without gradients the norm's output is nobody else's and may be overwritten.
        free = not torch.is_grad_enabled()
        h: Tensor = self.conv1(F.silu(self.norm1(x), inplace=free))
        h = h + self.time_emb_proj(activated_time)[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h), inplace=free))
        return h + (x if self.conv_shortcut is None else self.conv_shortcut(x))


class Downsample(nn.Module):
    """Halve by a strided convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = PackedConv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x)
        return out


class Upsample(nn.Module):
    """Nearest neighbour to the size of the skip that comes next, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = PackedConv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, size: tuple[int, int] | None) -> Tensor:
        if size is None:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        else:
            x = F.interpolate(x, size=size, mode="nearest")
        out: Tensor = self.conv(x)
        return out


def transformers(
    config: UNetConfig, level: int, depths: Sequence[int], cross_only: bool
) -> nn.ModuleList:
    """An attention module for each depth of a level, none where all are 0."""
    if not any(depths):
        return nn.ModuleList()
    width = config.block_out_channels[level]
    return nn.ModuleList(
        Transformer2D(
            width,
            config.context_width,
            config.heads[level],
            depth,
            config.norm_groups,
            config.linear_projection,
            cross_only,
        )
        if depth
        else NoAttention()
        for depth in depths
    )


class NoAttention(nn.Module):
    """Where a pruned model has a layer without attention between layers with it."""

    def forward(
        self, x: Tensor, context: Tensor, place: Place, interventions: Interventions
    ) -> Tensor:
        return x


class DownBlock(nn.Module):
    """One level on the way down; appends each of its outputs to the skips."""

    def __init__(self, config: UNetConfig, level: int, time_width: int) -> None:
        super().__init__()
        self.level = level
        widths = config.block_out_channels
        width, before = widths[level], widths[max(level - 1, 0)]
        self.resnets = nn.ModuleList(
            ResnetBlock(before if i == 0 else width, width, time_width, config.norm_groups)
            for i in range(config.layers_per_block)
        )
        self.attentions = transformers(
            config, level, config.down_depths(level), config.crosses_only(level)
        )
        last = level == len(widths) - 1
        self.downsamplers = nn.ModuleList([] if last else [Downsample(width)])

    def forward(
        self,
        x: Tensor,
        activated_time: Tensor,
        context: Tensor,
        interventions: Interventions,
        skips: list[Tensor],
    ) -> Tensor:
        for index, resnet in enumerate(self.resnets):
            x = resnet(x, activated_time)
            if self.attentions:
                place = Place("down", self.level, index)
                x = self.attentions[index](x, context, place, interventions)
            ends = index == len(self.resnets) - 1
            x = interventions.made(skips, x, (self.level, False) if ends else None)
        for downsample in self.downsamplers:
            x = interventions.made(skips, downsample(x), (self.level, True))
        return x


class MidBlock(nn.Module):
    """Resnet, attention, resnet at the lowest level; pruned models lack some of them."""

    def __init__(self, config: UNetConfig, time_width: int) -> None:
        super().__init__()
        level = len(config.block_out_channels) - 1
        width = config.block_out_channels[level]
        self.level = level
        self.resnets = nn.ModuleList(
            ResnetBlock(width, width, time_width, config.norm_groups)
            for _ in range(config.mid_resnets)
        )
        self.attentions = transformers(config, level, [config.mid_depth], cross_only=False)

    def forward(
        self, x: Tensor, activated_time: Tensor, context: Tensor, interventions: Interventions
    ) -> Tensor:
        for index, resnet in enumerate(self.resnets):
            x = resnet(x, activated_time)
            if index == 0 and self.attentions:
                x = self.attentions[0](x, context, Place("mid", self.level, 0), interventions)
        return x


class UpBlock(nn.Module):
    """One level on the way up; joins one skip before each resnet."""

    def __init__(
        self, config: UNetConfig, level: int, time_width: int, skip_widths: Sequence[int]
    ) -> None:
        """`skip_widths`: channels of the skips in the order in which they are joined."""
        super().__init__()
        self.level = level
        widths = config.block_out_channels
        width, before = widths[level], widths[min(level + 1, len(widths) - 1)]
        self.resnets = nn.ModuleList(
            ResnetBlock((before if i == 0 else width) + skip, width, time_width, config.norm_groups)
            for i, skip in enumerate(skip_widths)
        )
        self.attentions = transformers(
            config, level, config.up_depths(level), config.crosses_only(level)
        )
        self.upsamplers = nn.ModuleList([Upsample(width)] if level > 0 else [])

    def forward(
        self,
        x: Tensor,
        activated_time: Tensor,
        context: Tensor,
        interventions: Interventions,
        skips: list[Tensor],
    ) -> Tensor:
        for index, resnet in enumerate(self.resnets):
            place, skip = Place("up", self.level, index), skips.pop()
            if interventions.skip_filter is not None:
                x, skip = interventions.skip_filter(place, x, skip)
            x = resnet(torch.cat([x, skip], dim=1), activated_time)
            if self.attentions:
                x = self.attentions[index](x, context, place, interventions)
        for upsample in self.upsamplers:
            size = (skips[-1].shape[-2], skips[-1].shape[-1])
            x = upsample(x, size)
        return x
