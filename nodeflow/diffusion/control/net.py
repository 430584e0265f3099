"""ControlNet (arXiv 2302.05543), with diffusers' parameter names."""

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.control.config import ControlNetConfig
from nodeflow.diffusion.packed import PackedConv2d
from nodeflow.diffusion.pointwise import PointwiseConv2d
from nodeflow.diffusion.unet.encoder import UNetEncoder, skip_widths
from nodeflow.diffusion.unet.interventions import NONE, Interventions


class HintEmbedding(nn.Module):
    """A picture `[B, 3, 8 h, 8 w]` as features `[B, width, h, w]`."""

    def __init__(self, config: ControlNetConfig) -> None:
        super().__init__()
        widths, out = config.hint, config.unet.block_out_channels[0]
        self.conv_in = PackedConv2d(config.hint_channels, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList()
        for before, after in pairwise(widths):
            self.blocks.append(PackedConv2d(before, before, 3, padding=1))
            self.blocks.append(PackedConv2d(before, after, 3, padding=1, stride=2))
        self.conv_out = PackedConv2d(widths[-1], out, 3, padding=1)

    def forward(self, hint: Tensor) -> Tensor:
        x = F.silu(self.conv_in(hint))
        for block in self.blocks:
            x = F.silu(block(x))
        out: Tensor = self.conv_out(x)
        return out


class ControlNetModel(UNetEncoder):
    """The UNet's encoder again, told of a picture; what it makes is added to the UNet's skips."""

    def __init__(self, config: ControlNetConfig) -> None:
        super().__init__(config.unet)
        self.controlnet_cond_embedding = HintEmbedding(config)
        widths = skip_widths(config.unet)
        self.controlnet_down_blocks = nn.ModuleList(PointwiseConv2d(w, w) for w in widths)
        self.controlnet_mid_block = PointwiseConv2d(widths[-1], widths[-1])

    def forward(
        self, x: Tensor, timesteps: Tensor, context: Tensor, y: Tensor | None, hint: Tensor
    ) -> Interventions:
        """The UNet's own inputs, and the picture in 0..1 of eight times the latent's size."""
        time = self.embedded_time(timesteps, y, x)
        return self.steered(x, self.controlnet_cond_embedding(hint), time, context)

    def steered(self, x: Tensor, seen: Tensor, time: Tensor, context: Tensor) -> Interventions:
        """What it adds; seen: the picture's features `[B, width, h, w]`."""
        h = self.conv_in(x) + seen
        h, skips = self.way_down(h, time, context, NONE)
        h = self.mid_block(h, time, context, NONE)
        down = zip(self.controlnet_down_blocks, skips, strict=True)
        return Interventions(
            down_residuals=tuple(zero(skip) for zero, skip in down),
            mid_residual=self.controlnet_mid_block(h),
        )


def copied_from(unet: UNetEncoder, config: ControlNetConfig) -> ControlNetModel:
    """A control net before training: the UNet's own weights, and outputs that are 0."""
    net = ControlNetModel(config)
    own = {name: p for name, p in unet.state_dict().items() if name in net.state_dict()}
    net.load_state_dict(own, strict=False)
    zeros = [net.controlnet_mid_block, *net.controlnet_down_blocks]
    for layer in (*zeros, net.controlnet_cond_embedding.conv_out):
        for parameter in layer.parameters():
            nn.init.zeros_(parameter)
    return net
