"""The sizes of an image encoder."""

from dataclasses import dataclass

from nodeflow.diffusion.text.config import Activation


@dataclass(frozen=True, slots=True)
class VisionConfig:
    """Sizes of a `ClipVisionTransformer`; the defaults are CLIP ViT-L/14's.

    image: side of the square picture in pixels; patch: side of a patch. `heads` and
    `activation` are not visible in the weights' shapes. projection: width of the image
    embedding, or None where the file has no projection.
    """

    image: int = 224
    patch: int = 14
    width: int = 1024
    layers: int = 24
    heads: int = 16
    inner: int = 4096
    activation: Activation = "quick_gelu"
    projection: int | None = 768
