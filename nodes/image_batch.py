"""Pictures cut out, picked, repeated and put beside one another."""

import math
from typing import Annotated, Literal

from nodeflow.node import Range, node
from nodeflow.values import Image

Size = Annotated[int, Range(1, 16384, step=1)]
Offset = Annotated[int, Range(0, 16384, step=1)]
ImageMethod = Literal["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]


@node("ImageCrop", category="image/transform", display_name="Image Crop")
def image_crop(
    image: Image, width: Size = 512, height: Size = 512, x: Offset = 0, y: Offset = 0
) -> Image:
    """A part of a picture.

    Args:
        image: the picture.
        width: in pixels; less where the picture ends.
        height: in pixels; less where the picture ends.
        x: left edge in pixels.
        y: upper edge in pixels.
    """
    left, top = min(x, image.shape[2] - 1), min(y, image.shape[1] - 1)
    return image[:, top : top + height, left : left + width].clone()


@node("ImageFromBatch", category="image/batch", display_name="Image From Batch")
def image_from_batch(
    image: Image,
    batch_index: Annotated[int, Range(0, 4095, step=1)] = 0,
    length: Annotated[int, Range(1, 4096, step=1)] = 1,
) -> Image:
    """Some pictures of a batch.

    Args:
        image: the batch.
        batch_index: the first one wanted, from 0.
        length: how many.
    """
    start = min(batch_index, len(image) - 1)
    return image[start : start + length].clone()


@node("RepeatImageBatch", category="image/batch", display_name="Repeat Image Batch")
def repeat_image_batch(image: Image, amount: Annotated[int, Range(1, 4096, step=1)] = 1) -> Image:
    """A batch several times over.

    Args:
        image: the batch.
        amount: how many times.
    """
    return image.repeat(amount, 1, 1, 1)


@node(
    "ImageScaleToTotalPixels",
    category="image/upscaling",
    display_name="Scale Image to Total Pixels",
)
def image_scale_to_total_pixels(
    image: Image,
    upscale_method: ImageMethod = "nearest-exact",
    megapixels: Annotated[float, Range(0.01, 16.0, step=0.01)] = 1.0,
) -> Image:
    """Resize a picture to a number of pixels, its proportions kept.

    Args:
        image: the picture.
        upscale_method: how pixels between are made.
        megapixels: how many times 1024 x 1024 pixels.
    """
    from nodeflow.diffusion.resize import resize

    rows, columns = image.shape[1:3]
    scale = math.sqrt(megapixels * 1024 * 1024 / (rows * columns))
    width, height = max(1, round(columns * scale)), max(1, round(rows * scale))
    return resize(image.movedim(-1, 1), width, height, upscale_method).movedim(1, -1)


@node("ImageStitch", category="image/transform", display_name="Image Stitch")
def image_stitch(
    image1: Image,
    direction: Literal["right", "down", "left", "up"] = "right",
    match_image_size: bool = True,
    spacing_width: Annotated[int, Range(0, 1024, step=2)] = 0,
    spacing_color: Literal["white", "black", "red", "green", "blue"] = "white",
    image2: Image | None = None,
) -> Image:
    """The second picture beside the first.

    Args:
        image1: the first.
        direction: where the second goes.
        match_image_size: resize the second so that the sides that meet are as long; otherwise
            the smaller one stands in the middle of black.
        spacing_width: pixels between them.
        spacing_color: colour of the space between them.
        image2: the second.
    """
    from nodeflow.imaging.stitch import stitch

    if image2 is None:
        return image1
    return stitch(image1, image2, direction, match_image_size, spacing_width, spacing_color)
