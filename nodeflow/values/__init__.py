"""The port types a node may name, for built-in nodes and plugins alike."""

from nodeflow.values.ports import (
    Clip,
    ClipVision,
    ClipVisionOutput,
    Conditioning,
    Guider,
    Image,
    Latent,
    LoraModel,
    LossMap,
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
    "ClipVision",
    "ClipVisionOutput",
    "Conditioning",
    "Guider",
    "Image",
    "Latent",
    "LoraModel",
    "LossMap",
    "Mask",
    "Model",
    "Noise",
    "Sampler",
    "Sigmas",
    "UpscaleModel",
    "Vae",
]
