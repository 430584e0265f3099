"""A part of a picture cut out by a mask, worked on, and laid back."""

from typing import Annotated, NamedTuple

from nodeflow.node import Range, node
from nodeflow.values import Image, Mask

Offset = Annotated[int, Range(0, 16384, step=1)]
Size = Annotated[int, Range(1, 16384, step=1)]


class CutOut(NamedTuple):
    IMAGE: Image
    MASK: Mask
    x: int
    y: int
    width: int
    height: int


@node("CutOutByMask", category="image/region", display_name="Cut Out by Mask")
def cut_out_by_mask(
    image: Image,
    mask: Mask,
    padding: Annotated[int, Range(0, 4096, step=1)] = 32,
    multiple: Annotated[int, Range(1, 512, step=1)] = 8,
    size: Annotated[int, Range(0, 8192, step=8)] = 0,
) -> CutOut:
    """The part of a picture around a mask, enlarged for a detail pass.

    Args:
        image: the picture.
        mask: what matters.
        padding: pixels around it.
        multiple: the sides of the part are multiples of this.
        size: the longer side after enlarging, in pixels; 0 leaves it as it is.
    """
    from nodeflow.diffusion.resize import resize
    from nodeflow.imaging import regions
    from nodeflow.imaging.masks import fit

    whole = fit(regions.union(mask), image.shape[1], image.shape[2])[:, 0]
    place = regions.box(whole, padding, multiple)
    part, cut = regions.crop(image, place), regions.crop(whole, place)
    if size:
        scale = size / max(place[2:])
        wide, high = (max(multiple, round(n * scale / multiple) * multiple) for n in place[2:])
        part = resize(part.movedim(-1, 1), wide, high, "bicubic").clamp(0, 1).movedim(1, -1)
        cut = resize(cut[:, None], wide, high, "bilinear")[:, 0]
    return CutOut(part, cut, *place)


@node("LayBackByMask", category="image/region", display_name="Lay Back by Mask")
def lay_back_by_mask(
    image: Image,
    part: Image,
    mask: Mask,
    x: Offset,
    y: Offset,
    width: Size,
    height: Size,
    feather: Annotated[int, Range(0, 512, step=1)] = 8,
) -> Image:
    """The part that was cut out, laid back where the mask is.

    Args:
        image: the whole picture.
        part: the part, of any size.
        mask: the mask of the whole picture.
        x: left edge of the part in the picture.
        y: upper edge of the part in the picture.
        width: of the part in the picture.
        height: of the part in the picture.
        feather: width of the soft edge in pixels.
    """
    from nodeflow.imaging import regions
    from nodeflow.imaging.masks import fit

    whole = fit(regions.union(mask), image.shape[1], image.shape[2])[:, 0]
    return regions.lay_back(image[..., :3], part[..., :3], whole, (x, y, width, height), feather)
