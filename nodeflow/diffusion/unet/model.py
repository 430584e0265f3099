"""The UNet of latent diffusion (arXiv 2112.10752), with diffusers' parameter names."""

import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.unet.blocks import DownBlock, MidBlock, UpBlock
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import NONE, Interventions
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


class UNet2DConditionModel(nn.Module):
    """Noise (or velocity) in a latent, given the timestep and the text."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.block_out_channels
        time_width = 4 * widths[0]
        self.conv_in = nn.Conv2d(config.in_channels, widths[0], 3, padding=1)
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
        levels = range(len(widths))
        self.down_blocks = nn.ModuleList(DownBlock(config, i, time_width) for i in levels)
        self.mid_block = MidBlock(config, time_width)
        skips = skip_widths(config)
        joined = config.layers_per_block + 1
        self.up_blocks = nn.ModuleList(
            UpBlock(config, i, time_width, [skips.pop() for _ in range(joined)])
            for i in reversed(levels)
        )
        self.conv_norm_out = nn.GroupNorm(config.norm_groups, widths[0], eps=1e-5)
        self.conv_out = nn.Conv2d(widths[0], config.out_channels, 3, padding=1)

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor,
        y: Tensor | None = None,
        interventions: Interventions = NONE,
    ) -> Tensor:
        """`x` `[B, in, h, w]`, `timesteps` `[B]` in 0..999 (may be fractional), `context`
        `[B, tokens, context_width]`, `y` `[B, label_width]` where the model has labels, or
        int64 `[B]` where it has classes.

        Returns `[B, out, h, w]` of the dtype of `x`.
        """
        features = timestep_features(timesteps, self.config.block_out_channels[0])
        time: Tensor = self.time_embedding(features.to(x.dtype))
        if self.add_embedding is not None or self.class_embedding is not None:
            if y is None:
                raise ValueError("this model needs a label vector y and got none")
            if self.add_embedding is not None:
                time = time + self.add_embedding(y.to(x.dtype))
            if self.class_embedding is not None:
                time = time + self.class_embedding(y)
        time = F.silu(time)
        skips: list[Tensor] = []
        x = interventions.made(skips, self.conv_in(x))
        for block in self.down_blocks:
            x = block(x, time, context, interventions, skips)
        if interventions.down_residuals:
            residuals = interventions.down_residuals
            skips = [skip + r for skip, r in zip(skips, residuals, strict=True)]
        x = self.mid_block(x, time, context, interventions)
        if interventions.mid_residual is not None:
            x = x + interventions.mid_residual
        for block in self.up_blocks:
            x = block(x, time, context, interventions, skips)
        out: Tensor = self.conv_out(F.silu(self.conv_norm_out(x)))
        return out
