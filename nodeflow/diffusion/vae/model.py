"""The KL autoencoder of latent diffusion (arXiv 2112.10752), diffusers' parameter names."""

from collections.abc import Collection
from typing import Literal

from torch import Tensor, nn

from nodeflow.diffusion.packed import PackedConv2d
from nodeflow.diffusion.pointwise import PointwiseConv2d
from nodeflow.diffusion.vae.blocks import EPS, DownBlock, MidBlock, UpBlock, silu_norm_conv
from nodeflow.diffusion.vae.config import VAEConfig

Half = Literal["encoder", "decoder"]
BOTH: tuple[Half, Half] = ("encoder", "decoder")


class Encoder(nn.Module):
    """Picture to posterior moments."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        widths, groups = config.block_out_channels, config.norm_groups
        self.conv_in = PackedConv2d(config.in_channels, widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList(
            DownBlock(
                widths[max(i - 1, 0)],
                width,
                config.layers_per_block,
                groups,
                down=i < len(widths) - 1,
            )
            for i, width in enumerate(widths)
        )
        self.mid_block = MidBlock(widths[-1], groups)
        self.conv_norm_out = nn.GroupNorm(groups, widths[-1], eps=EPS)
        self.conv_out = PackedConv2d(widths[-1], 2 * config.latent_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for block in self.down_blocks:
            x = block(x)
        return silu_norm_conv(self.conv_norm_out, self.conv_out, self.mid_block(x))


class Decoder(nn.Module):
    """Latent to picture."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        widths, groups = config.block_out_channels[::-1], config.norm_groups
        self.conv_in = PackedConv2d(config.latent_channels, widths[0], 3, padding=1)
        self.mid_block = MidBlock(widths[0], groups)
        self.up_blocks = nn.ModuleList(
            UpBlock(
                widths[max(i - 1, 0)],
                width,
                config.layers_per_block + 1,
                groups,
                up=i < len(widths) - 1,
            )
            for i, width in enumerate(widths)
        )
        self.conv_norm_out = nn.GroupNorm(groups, widths[-1], eps=EPS)
        self.conv_out = PackedConv2d(widths[-1], config.out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.mid_block(self.conv_in(x))
        for block in self.up_blocks:
            x = block(x)
        return silu_norm_conv(self.conv_norm_out, self.conv_out, x)


class AutoencoderKL(nn.Module):
    """Pictures float `[B, 3, H, W]` in -1..1 to latents `[B, 4, H/8, W/8]` and back.

    Latents are unscaled: the model's scale factor is not applied here. halves: what it is used
    for; the other has no weights here.
    """

    def __init__(self, config: VAEConfig, halves: Collection[Half] = BOTH) -> None:
        super().__init__()
        self.config = config
        latent = config.latent_channels
        if "encoder" in halves:
            self.encoder = Encoder(config)
            self.quant_conv = PointwiseConv2d(2 * latent, 2 * latent)
        if "decoder" in halves:
            self.decoder = Decoder(config)
            self.post_quant_conv = PointwiseConv2d(latent, latent)

    def moments(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance (clamped to -30..20) of the posterior."""
        mean, logvar = self.quant_conv(self.encoder(pixels)).chunk(2, dim=1)
        return mean, logvar.clamp(-30.0, 20.0)

    def encode(self, pixels: Tensor) -> Tensor:
        """The posterior's mean."""
        return self.moments(pixels)[0]

    def decode(self, latents: Tensor) -> Tensor:
        """The picture, not clamped."""
        out: Tensor = self.decoder(self.post_quant_conv(latents))
        return out
