"""The sizes of an autoencoder."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VAEConfig:
    """Sizes of an `AutoencoderKL`; the defaults are Stable Diffusion's.

    block_out_channels: width of each level, full resolution first; each level but the last
    halves the picture. layers_per_block: resnets a level in the encoder, one more in the
    decoder. norm_groups: groups of every GroupNorm (not visible in the weights' shapes).
    """

    in_channels: int = 3
    out_channels: int = 3
    latent_channels: int = 4
    block_out_channels: tuple[int, ...] = (128, 256, 512, 512)
    layers_per_block: int = 2
    norm_groups: int = 32
