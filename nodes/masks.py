"""Masks: made, combined, turned into pictures and back."""

from typing import Annotated, Literal

from nodeflow.node import Range, node
from nodeflow.values import Image, Mask

Size = Annotated[int, Range(1, 16384, step=1)]
Offset = Annotated[int, Range(0, 16384, step=1)]


@node("SolidMask", category="mask", display_name="Solid Mask")
def solid_mask(
    value: Annotated[float, Range(0.0, 1.0, step=0.01)] = 1.0,
    width: Size = 512,
    height: Size = 512,
) -> Mask:
    """A mask of one value.

    Args:
        value: 1 is everywhere, 0 nowhere.
        width: in pixels.
        height: in pixels.
    """
    import torch

    return torch.full((1, height, width), value)


@node("InvertMask", category="mask", display_name="Invert Mask")
def invert_mask(mask: Mask) -> Mask:
    """Where the mask is not.

    Args:
        mask: the mask.
    """
    return 1.0 - mask


@node("MaskComposite", category="mask", display_name="Combine Masks")
def mask_composite(
    destination: Mask,
    source: Mask,
    x: Offset = 0,
    y: Offset = 0,
    operation: Literal["multiply", "add", "subtract", "and", "or", "xor"] = "multiply",
) -> Mask:
    """One mask laid on another.

    Args:
        destination: the mask below.
        source: the mask on top.
        x: left edge of the upper mask in pixels.
        y: upper edge of the upper mask in pixels.
        operation: how values are combined where both are.
    """
    from nodeflow.imaging.masks import composite

    return composite(destination, source, x, y, operation)


@node("MaskToImage", category="mask", display_name="Convert Mask to Image")
def mask_to_image(mask: Mask) -> Image:
    """A mask as a grey picture.

    Args:
        mask: the mask.
    """
    planes = mask.reshape(-1, mask.shape[-2], mask.shape[-1], 1)
    return planes.expand(-1, -1, -1, 3).clone()


@node("ImageToMask", category="mask", display_name="Convert Image to Mask")
def image_to_mask(image: Image, channel: Literal["red", "green", "blue", "alpha"] = "red") -> Mask:
    """One channel of a picture as a mask.

    Args:
        image: the picture.
        channel: which; alpha is 1 everywhere where the picture has none.
    """
    import torch

    index = ("red", "green", "blue", "alpha").index(channel)
    if index >= image.shape[-1]:
        return torch.ones(image.shape[:3])
    return image[..., index].clone()
