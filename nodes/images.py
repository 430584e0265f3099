"""Pictures: made, resized, joined, padded, measured."""

from typing import Annotated, Literal, NamedTuple

from nodeflow.node import Colour, Range, node
from nodeflow.values import Image, Mask

ImageMethod = Literal["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
Size = Annotated[int, Range(0, 16384, step=1)]
Border = Annotated[int, Range(0, 16384, step=8)]


class PaddedImage(NamedTuple):
    IMAGE: Image
    MASK: Mask


class ImageSize(NamedTuple):
    width: int
    height: int
    batch_size: int


@node("ImageScale", category="image/upscaling", display_name="Upscale Image")
def image_scale(
    image: Image,
    upscale_method: ImageMethod = "nearest-exact",
    width: Size = 512,
    height: Size = 512,
    crop: Literal["disabled", "center"] = "disabled",
) -> Image:
    """Resize a picture.

    Args:
        image: the picture.
        upscale_method: how pixels between are made.
        width: in pixels; 0 keeps the aspect ratio.
        height: in pixels; 0 keeps the aspect ratio.
        crop: crop to the new aspect ratio in the centre first.
    """
    from nodeflow.diffusion.resize import resize

    if width == 0 and height == 0:
        return image
    rows, columns = image.shape[1:3]
    wide = width or max(1, round(columns * height / rows))
    high = height or max(1, round(rows * width / columns))
    return resize(image.movedim(-1, 1), wide, high, upscale_method, crop == "center").movedim(1, -1)


@node("ImageScaleBy", category="image/upscaling", display_name="Upscale Image By")
def image_scale_by(
    image: Image,
    upscale_method: ImageMethod = "nearest-exact",
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.0,
) -> Image:
    """Resize a picture by a factor.

    Args:
        image: the picture.
        upscale_method: how pixels between are made.
        scale_by: factor for both sides.
    """
    from nodeflow.diffusion.resize import resize

    rows, columns = image.shape[1:3]
    wide, high = max(1, round(columns * scale_by)), max(1, round(rows * scale_by))
    return resize(image.movedim(-1, 1), wide, high, upscale_method).movedim(1, -1)


@node("ImageInvert", category="image", display_name="Invert Image")
def image_invert(image: Image) -> Image:
    """Every colour's opposite.

    Args:
        image: the picture.
    """
    return 1.0 - image


@node("EmptyImage", category="image", display_name="Empty Image")
def empty_image(
    width: Annotated[int, Range(1, 16384, step=1)] = 512,
    height: Annotated[int, Range(1, 16384, step=1)] = 512,
    batch_size: Annotated[int, Range(1, 4096, step=1)] = 1,
    color: Annotated[int, Range(0, 0xFFFFFF, step=1), Colour()] = 0,
) -> Image:
    """A picture of one colour.

    Args:
        width: in pixels.
        height: in pixels.
        batch_size: how many.
        color: red * 65536 + green * 256 + blue.
    """
    import torch

    parts = [(color >> shift & 255) / 255 for shift in (16, 8, 0)]
    return torch.tensor(parts).expand(batch_size, height, width, 3).clone()


@node("ImageBatch", category="image", display_name="Batch Images")
def image_batch(image1: Image, image2: Image) -> Image:
    """Two batches as one; the second is resized to the first where sizes differ.

    Args:
        image1: the first.
        image2: the second.
    """
    import torch

    from nodeflow.diffusion.resize import resize
    from nodeflow.imaging.paste import with_channels

    rows, columns = image1.shape[1:3]
    second = image2
    if image2.shape[1:3] != image1.shape[1:3]:
        planes = image2.movedim(-1, 1)
        second = resize(planes, columns, rows, "bilinear", crop=True).movedim(1, -1)
    channels = max(image1.shape[-1], second.shape[-1])
    return torch.cat([with_channels(image, channels) for image in (image1, second)])


@node("ImagePadForOutpaint", category="image", display_name="Pad Image for Outpainting")
def image_pad_for_outpaint(
    image: Image,
    left: Border = 0,
    top: Border = 0,
    right: Border = 0,
    bottom: Border = 0,
    feathering: Size = 40,
) -> PaddedImage:
    """A picture with grey borders, and the mask of what is new.

    Args:
        image: the picture.
        left: pixels to add.
        top: pixels to add.
        right: pixels to add.
        bottom: pixels to add.
        feathering: width of the soft edge inside the picture.
    """
    from nodeflow.imaging.outpaint import padded

    return PaddedImage(*padded(image, left, top, right, bottom, feathering))


@node("GetImageSize", category="image", display_name="Get Image Size")
def get_image_size(image: Image) -> ImageSize:
    """A picture's size in pixels and how many there are.

    Args:
        image: the picture.
    """
    return ImageSize(image.shape[2], image.shape[1], image.shape[0])
