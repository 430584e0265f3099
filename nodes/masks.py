"""Masks: made, combined, turned into pictures and back."""

from typing import Annotated, Literal

from nodeflow.node import Colour, Range, node
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


@node("CropMask", category="mask", display_name="Crop Mask")
def crop_mask(
    mask: Mask, x: Offset = 0, y: Offset = 0, width: Size = 512, height: Size = 512
) -> Mask:
    """A part of a mask.

    Args:
        mask: the mask.
        x: left edge in pixels.
        y: upper edge in pixels.
        width: in pixels; less where the mask ends.
        height: in pixels; less where the mask ends.
    """
    planes = mask.reshape(-1, *mask.shape[-2:])
    left, top = min(x, planes.shape[2] - 1), min(y, planes.shape[1] - 1)
    return planes[:, top : top + height, left : left + width].clone()


@node("FeatherMask", category="mask", display_name="Feather Mask")
def feather_mask(
    mask: Mask, left: Offset = 0, top: Offset = 0, right: Offset = 0, bottom: Offset = 0
) -> Mask:
    """A mask that fades out towards its sides.

    Args:
        mask: the mask.
        left: pixels over which it fades.
        top: pixels over which it fades.
        right: pixels over which it fades.
        bottom: pixels over which it fades.
    """
    from nodeflow.imaging.paste import feather

    planes = mask.reshape(-1, *mask.shape[-2:])
    weight = feather(planes.shape[1], planes.shape[2], left, top, right, bottom)
    return planes * weight.to(planes)


@node("GrowMask", category="mask", display_name="Grow Mask")
def grow_mask(
    mask: Mask,
    expand: Annotated[int, Range(-16384, 16384, step=1)] = 0,
    tapered_corners: bool = True,
) -> Mask:
    """A wider or a narrower mask.

    Args:
        mask: the mask.
        expand: pixels by which it grows; negative makes it smaller.
        tapered_corners: grow along rows and columns only, which rounds corners.
    """
    from nodeflow.imaging.morphology import grow

    return grow(mask.reshape(-1, *mask.shape[-2:]), expand, tapered_corners)


@node("ThresholdMask", category="mask", display_name="Threshold Mask")
def threshold_mask(mask: Mask, value: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5) -> Mask:
    """1 where a mask is above a value, 0 elsewhere.

    Args:
        mask: the mask.
        value: the limit.
    """
    return (mask > value).float()


@node("ImageColorToMask", category="mask", display_name="Image Color to Mask")
def image_color_to_mask(
    image: Image, color: Annotated[int, Range(0, 0xFFFFFF, step=1), Colour()] = 0
) -> Mask:
    """1 where a picture has exactly a colour.

    Args:
        image: the picture.
        color: red * 65536 + green * 256 + blue.
    """
    import torch

    levels = (image[..., :3].clamp(0, 1) * 255).round().int()
    wanted = torch.tensor([color >> shift & 255 for shift in (16, 8, 0)]).to(levels)
    return (levels == wanted).all(-1).float()
