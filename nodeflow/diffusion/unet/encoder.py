"""The half of the UNet that control nets copy: embeddings, the way down, the middle."""

import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.packed import PackedConv2d
from nodeflow.diffusion.unet.blocks import DownBlock, MidBlock
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import Interventions
from nodeflow.diffusion.unet.timestep import (
    TimestepEmbedding,
    embedding_table,
    timestep_features,
)


def skip_widths(config: UNetConfig) -> list[int]:
    """Channels of the skips in the order in which the way down makes them."""
    widths = config.block_out_channels
    made = [widths[0]]
    for level, width in enumerate(widths):
        last = level == len(widths) - 1
        made += [width] * (config.layers_per_block + (0 if last else 1))
    return made


class UNetEncoder(nn.Module):
    """Parameter names as in diffusers' UNet2DConditionModel and ControlNetModel."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.block_out_channels
        time_width = 4 * widths[0]
        self.conv_in = PackedConv2d(config.in_channels, widths[0], 3, padding=1)
        self.time_embedding = TimestepEmbedding(widths[0], time_width)
        self.add_embedding = (
            None
            if config.label_width is None
            else TimestepEmbedding(config.label_width, time_width)
        )
        self.class_embedding = (
            None
            if config.label_classes is None
            else embedding_table(config.label_classes, time_width)
        )
        self.down_blocks = nn.ModuleList(
            DownBlock(config, i, time_width) for i in range(len(widths))
        )
        self.mid_block = MidBlock(config, time_width)

    def embedded_time(
        self, timesteps: Tensor, y: Tensor | None, like: Tensor, further: Tensor | None = None
    ) -> Tensor:
        """Time, label and `further` vector as one, `[B, width]`, activated for the blocks."""
        features = timestep_features(timesteps, self.config.block_out_channels[0])
        time: Tensor = self.time_embedding(features.to(like.dtype))
        if self.add_embedding is not None or self.class_embedding is not None:
            if y is None:
                raise ValueError("this model needs a label vector y and got none")
            if self.add_embedding is not None:
                time = time + self.add_embedding(y.to(like.dtype))
            if self.class_embedding is not None:
                time = time + self.class_embedding(y)
        return F.silu(time if further is None else time + further)

    def way_down(
        self, x: Tensor, time: Tensor, context: Tensor, interventions: Interventions
    ) -> tuple[Tensor, list[Tensor]]:
        """From what `conv_in` made to the lowest level, and all skips."""
        skips: list[Tensor] = []
        x = interventions.made(skips, x)
        for block in self.down_blocks:
            x = block(x, time, context, interventions, skips)
        return x, skips
