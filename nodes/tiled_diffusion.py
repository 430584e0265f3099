"""Large pictures sampled tile by tile."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Literal

from nodeflow.node import Folders, InputProblem, Range, node
from nodeflow.values import Model, foreseen

Side = Annotated[int, Range(64, 16384, step=16)]


def smaller_overlap(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The overlap must leave something of a tile."""
    sides = [s for n in ("tile_width", "tile_height") if isinstance(s := literals.get(n), int)]
    overlap = literals.get("tile_overlap")
    if sides and isinstance(overlap, int) and overlap >= min(sides):
        message = f"tiles of {min(sides)} pixels cannot overlap by {overlap}"
        yield InputProblem("tile_overlap", message, f"at most {min(sides) - 16}")


@node(
    "TiledDiffusion",
    category="model_patches/unet",
    display_name="Tiled Diffusion",
    store=False,
    validate=smaller_overlap,
    infer=foreseen.passed(("MODEL", "model")),
)
def tiled_diffusion(
    model: Model,
    method: Literal["MultiDiffusion", "Mixture of Diffusers"] = "MultiDiffusion",
    tile_width: Side = 768,
    tile_height: Side = 768,
    tile_overlap: Annotated[int, Range(0, 2048, step=16)] = 64,
    tile_batch_size: Annotated[int, Range(1, 64, step=1)] = 4,
) -> Model:
    """Denoise pictures of any size in tiles without seams: the network sees some tiles at a time.

    Prompts' areas and masks, noise masks, control nets and hooks act as without tiles.

    Args:
        model: the model.
        method: how overlaps are averaged: all tiles alike, or each most in its middle.
        tile_width: in pixels; best the size that the model was trained for.
        tile_height: in pixels.
        tile_overlap: pixels that neighbours share at least; more is smoother and slower.
        tile_batch_size: tiles in one network call at most, those of both sides of guidance and of
            all images counted: the bound of the memory.
    """
    from nodeflow.diffusion.patches.tiled import Blending, TiledDiffusion

    if tile_overlap >= min(tile_width, tile_height):
        raise ValueError(f"tiles of {min(tile_width, tile_height)} pixels overlap by less")
    high, wide, shared = (side // 8 for side in (tile_height, tile_width, tile_overlap))
    patch = TiledDiffusion(Blending(method), high, wide, shared, tile_batch_size)
    return replace(model, patches=(*model.patches, patch))
