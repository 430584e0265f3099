"""The autoencoder's blocks (arXiv 2112.10752, appendix E; parameter names as in diffusers)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.doubled import double_and_convolve
from nodeflow.diffusion.packed import PackedConv2d, plain
from nodeflow.diffusion.pointwise import PointwiseConv2d

EPS = 1e-6


class ResnetBlock(nn.Module):
    """GroupNorm, SiLU, convolution, twice, around a skip path. `[B, C, H, W]` in and out."""

    def __init__(self, in_channels: int, out_channels: int, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, in_channels, eps=EPS)
        self.conv1 = PackedConv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, out_channels, eps=EPS)
        self.conv2 = PackedConv2d(out_channels, out_channels, 3, padding=1)
        self.conv_shortcut = (
            PointwiseConv2d(in_channels, out_channels) if in_channels != out_channels else None
        )

    def forward(self, x: Tensor) -> Tensor:
        # Without gradients what was made here is nobody else's and may be overwritten.
        free = not torch.is_grad_enabled()
        h: Tensor = self.conv1(F.silu(self.norm1(x), inplace=free))
        h = self.conv2(F.silu(self.norm2(h), inplace=free))
        past = x if self.conv_shortcut is None else self.conv_shortcut(x)
        return h.add_(past) if free else h + past


class Attention(nn.Module):
    """Single-head self-attention over all pixels of the lowest level."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, channels, eps=EPS)
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        h = self.group_norm(x).flatten(2).transpose(1, 2).unsqueeze(1)
        h = F.scaled_dot_product_attention(self.to_q(h), self.to_k(h), self.to_v(h))
        h = self.to_out[0](h.squeeze(1)).transpose(1, 2)
        out: Tensor = x + h.reshape(batch, channels, height, width)
        return out


class Downsample(nn.Module):
    """Halve by a strided convolution, padded at the right and bottom only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = PackedConv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(F.pad(x, (0, 1, 0, 1)))
        return out


class Upsample(nn.Module):
    """Double by nearest neighbour, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = PackedConv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type == "cpu" and x.dtype is torch.float32 and not torch.is_grad_enabled():
            return double_and_convolve(x, plain(self.conv.weight), self.conv.bias)
        out: Tensor = self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return out


class DownBlock(nn.Module):
    """One encoder level."""

    def __init__(
        self, in_channels: int, out_channels: int, layers: int, groups: int, down: bool
    ) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(
            ResnetBlock(in_channels if i == 0 else out_channels, out_channels, groups)
            for i in range(layers)
        )
        self.downsamplers = nn.ModuleList([Downsample(out_channels)] if down else [])

    def forward(self, x: Tensor) -> Tensor:
        for layer in (*self.resnets, *self.downsamplers):
            x = layer(x)
        return x


class UpBlock(nn.Module):
    """One decoder level."""

    def __init__(
        self, in_channels: int, out_channels: int, layers: int, groups: int, up: bool
    ) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(
            ResnetBlock(in_channels if i == 0 else out_channels, out_channels, groups)
            for i in range(layers)
        )
        self.upsamplers = nn.ModuleList([Upsample(out_channels)] if up else [])

    def forward(self, x: Tensor) -> Tensor:
        for layer in (*self.resnets, *self.upsamplers):
            x = layer(x)
        return x


class MidBlock(nn.Module):
    """Resnet, attention, resnet at the lowest level."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.attentions = nn.ModuleList([Attention(channels, groups)])
        self.resnets = nn.ModuleList(ResnetBlock(channels, channels, groups) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.resnets[0](x)
        x = self.attentions[0](x)
        out: Tensor = self.resnets[1](x)
        return out


def silu_norm_conv(norm: nn.GroupNorm, conv: nn.Conv2d, x: Tensor) -> Tensor:
    """The head shared by encoder and decoder: GroupNorm, SiLU, convolution."""
    out: Tensor = conv(F.silu(norm(x), inplace=not torch.is_grad_enabled()))
    return out
