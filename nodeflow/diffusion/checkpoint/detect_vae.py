"""An autoencoder's sizes, from the shapes of its weights or the metadata."""

from nodeflow.diffusion.checkpoint.header import Header
from nodeflow.diffusion.checkpoint.layout import Naming, Place
from nodeflow.diffusion.checkpoint.metadata import stored_config
from nodeflow.diffusion.checkpoint.shapes import numbered, shape
from nodeflow.diffusion.checkpoint.sizes import check_vae
from nodeflow.diffusion.vae.config import VAEConfig


def vae_config(header: Header, place: Place) -> VAEConfig:
    """The autoencoder's sizes. Raises CheckpointError where its shapes make none."""
    stored = stored_config(VAEConfig, header.metadata, "nodeflow.vae")
    if stored is not None:
        return check_vae(stored)
    prefix, ldm = place.prefix, place.naming is Naming.LDM
    down = f"{prefix}encoder.down." if ldm else f"{prefix}encoder.down_blocks."
    resnets = "block" if ldm else "resnets"
    levels = range(numbered(header, down))
    widths = tuple(shape(header, f"{down}{i}.{resnets}.0.conv2.weight", 4)[0] for i in levels)
    config = VAEConfig(
        in_channels=shape(header, f"{prefix}encoder.conv_in.weight", 4)[1],
        out_channels=shape(header, f"{prefix}decoder.conv_out.weight", 4)[0],
        latent_channels=shape(header, f"{prefix}decoder.conv_in.weight", 4)[1],
        block_out_channels=widths,
        layers_per_block=numbered(header, f"{down}0.{resnets}."),
    )
    return check_vae(config)
