"""Pictures and latents from and to files."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, NamedTuple

from nodeflow.imaging.prefix import sound_prefix
from nodeflow.node import Artifacts, Folders, InputFile, InputProblem, RunContext, node
from nodeflow.values import Image, Latent, Mask


class LoadedImage(NamedTuple):
    IMAGE: Image
    MASK: Mask


def readable_picture(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be a picture of a size that can be handled."""
    from nodeflow.imaging.files import PictureError, check_picture

    name = str(literals["image"])
    try:
        check_picture(folders.find_input(name))
    except PictureError as error:
        expected = "a PNG, JPEG or WebP file"
        yield InputProblem("image", f"'{name}' cannot be used: {error}", expected)


@node("LoadImage", category="image", display_name="Load Image", validate=readable_picture)
def load_image(image: Annotated[str, InputFile()], context: RunContext) -> LoadedImage:
    """A picture from the input folder, and the mask of its transparent part.

    Args:
        image: a file in the input folder.
    """
    from nodeflow.imaging.files import read_picture

    return LoadedImage(*read_picture(context.folders.find_input(image)))


@node(
    "LoadImageMask", category="mask", display_name="Load Image (as Mask)", validate=readable_picture
)
def load_image_mask(
    image: Annotated[str, InputFile()],
    context: RunContext,
    channel: Literal["alpha", "red", "green", "blue"] = "alpha",
) -> Mask:
    """One channel of a picture from the input folder as a mask.

    Args:
        image: a file in the input folder.
        channel: alpha gives 1 where the picture is transparent.
    """
    from nodeflow.imaging.files import read_picture

    picture, mask = read_picture(context.folders.find_input(image))
    if channel == "alpha":
        return mask
    return picture[..., ("red", "green", "blue").index(channel)].clone()


@node("SaveImage", category="image", display_name="Save Image", output=True, validate=sound_prefix)
def save_image(images: Image, context: RunContext, filename_prefix: str = "nodeflow") -> Artifacts:
    """Write pictures as PNG, with the workflow inside.

    Args:
        images: the pictures.
        filename_prefix: start of the names, may hold folders, %date:yyyy-MM-dd%, %width% and
            %height%.
    """
    from nodeflow.imaging.save import save_pictures

    return save_pictures(
        images, context.folders.output, "output", filename_prefix, context.metadata
    )


@node("PreviewImage", category="image", display_name="Preview Image", output=True)
def preview_image(images: Image, context: RunContext) -> Artifacts:
    """Show pictures without keeping them: they go to the temporary folder.

    Args:
        images: the pictures.
    """
    from nodeflow.imaging.save import save_pictures

    return save_pictures(images, context.folders.temp, "temp", "preview", context.metadata)


@node(
    "SaveLatent", category="latent", display_name="Save Latent", output=True, validate=sound_prefix
)
def save_latent(
    samples: Latent, context: RunContext, filename_prefix: str = "latents/nodeflow"
) -> Artifacts:
    """Write a latent as safetensors.

    Args:
        samples: the latent.
        filename_prefix: start of the name, may hold folders.
    """
    from nodeflow.imaging.save import save_latent_file

    folder = context.folders.output
    return save_latent_file(samples.samples, folder, filename_prefix, context.metadata)


def readable_latent(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must hold a latent."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.imaging.latent_file import check_latent

    name = str(literals["latent"])
    try:
        check_latent(folders.find_input(name))
    except CheckpointError as error:
        expected = "a latent in safetensors, as Save Latent writes it"
        yield InputProblem("latent", f"'{name}' cannot be used: {error}", expected)


@node("LoadLatent", category="latent", display_name="Load Latent", validate=readable_latent)
def load_latent(latent: Annotated[str, InputFile()], context: RunContext) -> Latent:
    """A latent from the input folder.

    Args:
        latent: a file that Save Latent wrote.
    """
    from nodeflow.diffusion.latent import Latent as LatentValue
    from nodeflow.imaging.latent_file import read_latent

    return LatentValue(read_latent(context.folders.find_input(latent)))
