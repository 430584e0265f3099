"""Pictures that guide: edges, drawings, normals, colours, without any weights."""

from typing import Annotated

from nodeflow.node import Range, node
from nodeflow.values import Image

Threshold = Annotated[float, Range(0.01, 0.99, step=0.01)]
Strength = Annotated[float, Range(0.1, 20.0, step=0.1)]


@node("Canny", category="image/preprocessors", display_name="Canny")
def canny_edges(
    image: Image, low_threshold: Threshold = 0.4, high_threshold: Threshold = 0.8
) -> Image:
    """Canny's edges, white on black.

    Args:
        image: the picture.
        low_threshold: weaker edges are dropped.
        high_threshold: stronger edges are kept; those between only where they join one.
    """
    from nodeflow.imaging.canny import canny

    return canny(image, low_threshold, high_threshold)


@node("LineDrawing", category="image/preprocessors", display_name="Line Drawing")
def line_drawing(
    image: Image,
    sigma: Annotated[float, Range(0.3, 8.0, step=0.1)] = 1.0,
    strength: Strength = 1.0,
) -> Image:
    """Soft white lines on black, as line-art models want them.

    Args:
        image: the picture.
        sigma: width of the lines in pixels.
        strength: how weak an edge may be.
    """
    from nodeflow.imaging.filters import line_drawing as draw

    return draw(image, sigma, strength)


@node("Scribble", category="image/preprocessors", display_name="Scribble")
def scribble(
    image: Image,
    sigma: Annotated[float, Range(0.5, 8.0, step=0.1)] = 2.0,
    threshold: Threshold = 0.3,
    thickness: Annotated[int, Range(1, 31, step=2)] = 3,
) -> Image:
    """Thick white strokes on black, as if drawn by hand.

    Args:
        image: the picture.
        sigma: details smaller than this many pixels are left out.
        threshold: weaker lines are left out.
        thickness: of the strokes, in pixels.
    """
    from nodeflow.imaging.filters import line_drawing as draw
    from nodeflow.imaging.morphology import dilate

    strokes = (draw(image, sigma, 2.0) > threshold).float().movedim(-1, 1)
    return dilate(strokes, thickness // 2 * 2 + 1).movedim(1, -1)


@node("NormalFromDepth", category="image/preprocessors", display_name="Normal from Depth")
def normal_from_depth(depth: Image, strength: Strength = 8.0) -> Image:
    """Surface normals out of a depth picture: what faces left is red, up green, the viewer blue.

    Args:
        depth: near is bright.
        strength: how steep a slope looks.
    """
    from nodeflow.imaging.filters import normals_from_depth

    return normals_from_depth(depth, strength)


@node("ColorGrid", category="image/preprocessors", display_name="Color Grid")
def color_grid(image: Image, cell: Annotated[int, Range(2, 512, step=1)] = 64) -> Image:
    """The mean colour of each square cell, to guide colours alone.

    Args:
        image: the picture.
        cell: side of the squares in pixels.
    """
    from nodeflow.diffusion.resize import resize

    rows, columns = image.shape[1:3]
    planes = image[..., :3].movedim(-1, 1)
    small = resize(planes, max(1, round(columns / cell)), max(1, round(rows / cell)), "area")
    return resize(small, columns, rows, "nearest-exact").movedim(1, -1)


@node("TileBlur", category="image/preprocessors", display_name="Tile (Downscaled)")
def tile_blur(image: Image, factor: Annotated[float, Range(1.0, 16.0, step=0.1)] = 4.0) -> Image:
    """The picture without its details, as tile models want it.

    Args:
        image: the picture.
        factor: how much smaller it is made before it is enlarged again.
    """
    from nodeflow.diffusion.resize import resize

    rows, columns = image.shape[1:3]
    planes = image[..., :3].movedim(-1, 1)
    small = resize(planes, max(1, round(columns / factor)), max(1, round(rows / factor)), "area")
    return resize(small, columns, rows, "bicubic").clamp(0, 1).movedim(1, -1)


@node("ImageThreshold", category="image/preprocessors", display_name="Image Threshold")
def image_threshold(
    image: Image, value: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5
) -> Image:
    """White where the luma is above a value, black elsewhere.

    Args:
        image: the picture.
        value: the luma from which on it is white.
    """
    from nodeflow.imaging.filters import grey

    return (grey(image) > value).float().movedim(1, -1).expand(-1, -1, -1, 3).clone()
