"""Pictures enlarged by a network."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from nodeflow.node import Folders, InputProblem, ModelFile, Range, RunContext, node
from nodeflow.values import Image, UpscaleModel


def readable_upscaler(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and hold an upscaler."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.upscale.model import open_upscaler

    name = str(literals["model_name"])
    try:
        open_upscaler(folders.find_model("upscale_models", name), "")
    except CheckpointError as error:
        expected = "an ESRGAN or Real-ESRGAN file in safetensors"
        yield InputProblem("model_name", f"'{name}' cannot be used: {error}", expected)


@node(
    "UpscaleModelLoader",
    category="loaders",
    display_name="Load Upscale Model",
    store=False,
    validate=readable_upscaler,
)
def upscale_model_loader(
    model_name: Annotated[str, ModelFile("upscale_models")], context: RunContext
) -> UpscaleModel:
    """A network that enlarges pictures.

    Args:
        model_name: a file in the `upscale_models` folders, with or without its suffix.
    """
    from nodeflow.diffusion.upscale.model import open_upscaler

    path = context.folders.find_model("upscale_models", model_name)
    return open_upscaler(path, context.fingerprint(path))


def smaller_overlap(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The overlap must be smaller than the tiles."""
    tile, overlap = literals.get("tile"), literals.get("overlap")
    if isinstance(tile, int) and isinstance(overlap, int) and overlap >= tile:
        message = f"tiles of {tile} pixels cannot overlap by {overlap}"
        yield InputProblem("overlap", message, f"at most {tile - 8}")


@node(
    "ImageUpscaleWithModel",
    category="image/upscaling",
    display_name="Upscale Image (using Model)",
    lane="device",
    validate=smaller_overlap,
)
def image_upscale_with_model(
    upscale_model: UpscaleModel,
    image: Image,
    context: RunContext,
    tile: Annotated[int, Range(64, 4096, step=32)] = 512,
    overlap: Annotated[int, Range(0, 512, step=8)] = 32,
) -> Image:
    """Enlarge a picture with a network, tile by tile.

    Args:
        upscale_model: the network; it sets the factor.
        image: the picture.
        tile: side of the parts worked on, in pixels; smaller ones take less memory.
        overlap: pixels in which parts are blended; less than a tile.
    """
    import torch

    from nodeflow.diffusion.upscale.model import Upscalers
    from nodeflow.imaging.tiles import apply_tiled

    if overlap >= tile:
        raise ValueError(f"tiles of {tile} pixels overlap by less")
    held = context.resources.get(Upscalers, lambda: Upscalers(context.device))
    network = held.get(upscale_model)
    weight = next(network.parameters())

    def enlarge(part: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = network(part.to(weight.device, weight.dtype))
        return out.float().cpu()

    with torch.no_grad():
        done = [
            apply_tiled(planes, enlarge, tile, overlap, context.progress)
            for planes in torch.split(image[..., :3].movedim(-1, 1), 1)
        ]
    return torch.cat(done).clamp(0, 1).movedim(1, -1)
