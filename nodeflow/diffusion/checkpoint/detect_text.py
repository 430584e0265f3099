"""A text encoder's sizes, from the shapes of its weights or the metadata."""

from nodeflow.diffusion.checkpoint.diffusers_names import stored_name
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header
from nodeflow.diffusion.checkpoint.layout import Naming, Place
from nodeflow.diffusion.checkpoint.metadata import stored_config
from nodeflow.diffusion.checkpoint.shapes import either, numbered, shape
from nodeflow.diffusion.checkpoint.sizes import check_text
from nodeflow.diffusion.recipe import Tower
from nodeflow.diffusion.text.config import TextConfig

HEAD = 64
VOCABULARY = 49408
TOKEN_IDS = "text_model.embeddings.token_ids"
"""Where a file's table has rows for some tokens only, the tokens that they are of."""
DEPTH_OF_H = 24


def text_config(header: Header, place: Place, tower: Tower) -> TextConfig:
    """The text encoder's sizes; heads are 64 wide, as in every published CLIP.

    ViT-H/14 has 24 layers, of which Stable Diffusion 2 uses 23; files may lack the last.
    Raises CheckpointError where its shapes make no text encoder.
    """
    prefix = place.prefix
    stored = stored_config(TextConfig, header.metadata, "nodeflow.text")
    config = (
        stored if stored is not None and tower is Tower.L else _from_shapes(header, place, tower)
    )
    if config.vocabulary < VOCABULARY and prefix + TOKEN_IDS not in header.tensors:
        raise CheckpointError(
            f"its text encoder knows {config.vocabulary} tokens, CLIP has {VOCABULARY}"
        )
    return check_text(config)


def _from_shapes(header: Header, place: Place, tower: Tower) -> TextConfig:
    prefix = place.prefix
    if place.naming is Naming.OPENCLIP:
        positions, width = shape(header, f"{prefix}positional_embedding", 2)
        vocabulary = shape(header, f"{prefix}token_embedding.weight", 2)[0]
        layers = numbered(header, f"{prefix}transformer.resblocks.")
        inner = shape(header, f"{prefix}transformer.resblocks.0.mlp.c_fc.weight", 2)[0]
    else:

        def found(name: str) -> str:
            return stored_name(f"text_model.{name}", prefix, header.tensors)

        positions, width = shape(header, found("embeddings.position_embedding.weight"), 2)
        vocabulary = shape(header, found("embeddings.token_embedding.weight"), 2)[0]
        layer = "encoder.layers.0.mlp.fc1.weight"
        layers = numbered(header, found(layer).removesuffix(layer.removeprefix("encoder.layers.")))
        inner = shape(header, found(layer), 2)[0]
    projection = either(header, f"{prefix}text_projection", f"{prefix}text_projection.weight")
    return TextConfig(
        vocabulary=vocabulary,
        positions=positions,
        width=width,
        layers=layers,
        heads=max(1, width // HEAD),
        inner=inner,
        activation="quick_gelu" if tower is Tower.L else "gelu",
        projection=_projected(header, prefix, projection),
        trimmed=1 if tower is Tower.H and layers == DEPTH_OF_H - 1 else 0,
    )


def _projected(header: Header, prefix: str, shape: tuple[int, ...] | None) -> int | None:
    if shape is None or len(shape) != 2:
        return None
    written_as_linear = f"{prefix}text_projection" not in header.tensors
    return shape[0] if written_as_linear else shape[1]
