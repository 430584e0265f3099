"""The port types a node may name, for built-in nodes and plugins alike."""

from nodeflow.values.ports import (
    Clip,
    Conditioning,
    Guider,
    Image,
    Latent,
    Mask,
    Model,
    Noise,
    Sampler,
    Sigmas,
    UpscaleModel,
    Vae,
)

__all__ = [
    "Clip",
    "Conditioning",
    "Guider",
    "Image",
    "Latent",
    "Mask",
    "Model",
    "Noise",
    "Sampler",
    "Sigmas",
    "UpscaleModel",
    "Vae",
]
