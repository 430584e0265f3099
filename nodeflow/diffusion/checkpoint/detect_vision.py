"""An image encoder's sizes, from the shapes of its weights."""

from math import isqrt

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header
from nodeflow.diffusion.checkpoint.layout import Naming, Place
from nodeflow.diffusion.checkpoint.shapes import either, numbered, shape
from nodeflow.diffusion.checkpoint.sizes import check_vision
from nodeflow.diffusion.vision.config import VisionConfig

HEADS = {768: 12, 1024: 16, 1280: 16, 1664: 16}
WIDTH_OF_OPENAI = 1024
"""OpenAI's ViT-L/14, whose activation is the quick one; OpenCLIP's H and bigG are wider."""


def vision_config(header: Header, place: Place) -> VisionConfig:
    """The image encoder's sizes. Raises CheckpointError where its shapes make none."""
    prefix = place.prefix
    openclip = place.naming is Naming.OPENCLIP
    if openclip:
        patches = f"{prefix}conv1.weight"
        positions = f"{prefix}positional_embedding"
        layers = f"{prefix}transformer.resblocks."
        inner = f"{layers}0.mlp.c_fc.weight"
    else:
        patches = f"{prefix}vision_model.embeddings.patch_embedding.weight"
        positions = f"{prefix}vision_model.embeddings.position_embedding.weight"
        layers = f"{prefix}vision_model.encoder.layers."
        inner = f"{layers}0.mlp.fc1.weight"
    width, _, patch, _ = shape(header, patches, 4)
    count = shape(header, positions, 2)[0] - 1
    side = isqrt(max(count, 0))
    if side * side != count or not side:
        raise CheckpointError(f"its image encoder has {count} patches, which make no square")
    projection = either(header, f"{prefix}proj", f"{prefix}visual_projection.weight")
    if projection is not None and len(projection) == 2:
        projected = projection[1] if f"{prefix}proj" in header.tensors else projection[0]
    else:
        projected = None
    config = VisionConfig(
        image=side * patch,
        patch=patch,
        width=width,
        layers=numbered(header, layers),
        heads=HEADS.get(width, max(1, width // 64)),
        inner=shape(header, inner, 2)[0],
        activation="quick_gelu" if width <= WIDTH_OF_OPENAI else "gelu",
        projection=projected,
    )
    return check_vision(config)
