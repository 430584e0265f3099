"""The port types a node may name, for built-in nodes and plugins alike."""

from nodeflow.values.ports import (
    Clip,
    Conditioning,
    Image,
    Latent,
    Mask,
    Model,
    Vae,
)

__all__ = ["Clip", "Conditioning", "Image", "Latent", "Mask", "Model", "Vae"]
