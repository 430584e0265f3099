"""Pictures with transparency, and pictures laid on one another."""

from typing import Annotated, Literal, NamedTuple

from nodeflow.node import Range, node
from nodeflow.values import Image, Mask

Offset = Annotated[int, Range(0, 16384, step=1)]
PorterDuff = Literal[
    "ADD", "CLEAR", "DARKEN", "DST", "DST_ATOP", "DST_IN", "DST_OUT", "DST_OVER", "LIGHTEN",
    "MULTIPLY", "OVERLAY", "SCREEN", "SRC", "SRC_ATOP", "SRC_IN", "SRC_OUT", "SRC_OVER", "XOR",
]  # fmt: skip


class ImageAndMask(NamedTuple):
    IMAGE: Image
    MASK: Mask


@node("ImageCompositeMasked", category="image", display_name="Image Composite Masked")
def image_composite_masked(
    destination: Image,
    source: Image,
    x: Offset = 0,
    y: Offset = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Image:
    """One picture laid on another where a mask is.

    Args:
        destination: the picture below.
        source: the picture on top.
        x: left edge of the upper one, in pixels.
        y: upper edge of the upper one, in pixels.
        resize_source: stretch the upper one to the size of the lower one first.
        mask: where the upper one shows; everywhere without one.
    """
    from nodeflow.diffusion.resize import resize
    from nodeflow.imaging.paste import paste, with_channels

    channels = destination.shape[-1]
    below, above = (with_channels(i, channels).movedim(-1, 1) for i in (destination, source))
    if resize_source:
        above = resize(above, below.shape[-1], below.shape[-2], "bilinear")
    weight = None if mask is None else mask.reshape(-1, 1, *mask.shape[-2:])
    return paste(below, above, x, y, weight).movedim(1, -1)


@node("SplitImageWithAlpha", category="mask/compositing", display_name="Split Image with Alpha")
def split_image_with_alpha(image: Image) -> ImageAndMask:
    """A picture's colours, and its transparent part as a mask.

    Args:
        image: the picture.
    """
    import torch

    alpha = image[..., 3] if image.shape[-1] > 3 else torch.ones_like(image[..., 0])
    return ImageAndMask(image[..., :3].clone(), 1 - alpha)


@node("JoinImageWithAlpha", category="mask/compositing", display_name="Join Image with Alpha")
def join_image_with_alpha(image: Image, alpha: Mask) -> Image:
    """A picture that is transparent where a mask is.

    Args:
        image: the picture.
        alpha: 1 where it becomes transparent.
    """
    import torch

    from nodeflow.imaging.masks import fit
    from nodeflow.imaging.paste import repeat_to

    count = max(len(image), len(alpha))
    planes = repeat_to(fit(alpha, image.shape[1], image.shape[2]), count).movedim(1, -1)
    return torch.cat([repeat_to(image[..., :3], count), 1 - planes], -1)


@node(
    "PorterDuffImageComposite",
    category="mask/compositing",
    display_name="Porter-Duff Image Composite",
)
def porter_duff_image_composite(
    source: Image,
    source_alpha: Mask,
    destination: Image,
    destination_alpha: Mask,
    mode: PorterDuff = "DST",
) -> ImageAndMask:
    """Two pictures, transparent in part, composed by one of Porter and Duff's operators.

    Args:
        source: the picture on top.
        source_alpha: 1 where it is transparent.
        destination: the picture below; the upper one is cropped and resized to it.
        destination_alpha: 1 where it is transparent.
        mode: the operator.
    """
    from nodeflow.imaging.latent_math import same_size
    from nodeflow.imaging.paste import repeat_to
    from nodeflow.imaging.porter_duff import composite

    count, like = max(len(source), len(destination)), destination.movedim(-1, 1)
    pictures = [
        repeat_to(same_size(image[..., :3].movedim(-1, 1), like), count).movedim(1, -1)
        for image in (source, destination)
    ]
    masks = [
        repeat_to(same_size(mask.reshape(-1, 1, *mask.shape[-2:]), like), count).movedim(1, -1)
        for mask in (source_alpha, destination_alpha)
    ]
    above, below = pictures
    of_above, of_below = (mask.clamp(0, 1) for mask in masks)
    image, mask = composite(above, of_above, below, of_below, mode)
    return ImageAndMask(image, mask[..., 0])
