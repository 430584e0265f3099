"""The UNet of latent diffusion (arXiv 2112.10752), with diffusers' parameter names."""

import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.packed import PackedConv2d
from nodeflow.diffusion.unet.blocks import UpBlock
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.encoder import UNetEncoder, skip_widths
from nodeflow.diffusion.unet.interventions import NONE, Interventions


class UNet2DConditionModel(UNetEncoder):
    """Noise (or velocity) in a latent, given the timestep and the text."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__(config)
        widths = config.block_out_channels
        skips = skip_widths(config)
        joined = config.layers_per_block + 1
        self.up_blocks = nn.ModuleList(
            UpBlock(config, i, 4 * widths[0], [skips.pop() for _ in range(joined)])
            for i in reversed(range(len(widths)))
        )
        self.conv_norm_out = nn.GroupNorm(config.norm_groups, widths[0], eps=1e-5)
        self.conv_out = PackedConv2d(widths[0], config.out_channels, 3, padding=1)

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
        time = self.embedded_time(timesteps, y, x)
        x, skips = self.way_down(self.conv_in(x), time, context, interventions)
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
