"""Pictures blended, blurred, sharpened, reduced in colours."""

from typing import Annotated, Literal

from nodeflow.node import Range, node
from nodeflow.values import Image

Radius = Annotated[int, Range(0, 31, step=1)]
Sigma = Annotated[float, Range(0.1, 10.0, step=0.01)]


@node("ImageBlend", category="image/postprocessing", display_name="Image Blend")
def image_blend(
    image1: Image,
    image2: Image,
    blend_factor: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5,
    blend_mode: Literal[
        "normal", "multiply", "screen", "overlay", "soft_light", "difference"
    ] = "normal",
) -> Image:
    """Two pictures mixed.

    Args:
        image1: the picture below.
        image2: the picture on top; resized to the first where sizes differ.
        blend_factor: how much of the mixture is shown over the first.
        blend_mode: how colours are mixed.
    """
    from nodeflow.imaging.blend import blend
    from nodeflow.imaging.latent_math import match
    from nodeflow.imaging.paste import with_channels

    above = with_channels(image2, image1.shape[-1])
    above = match(above.movedim(-1, 1), image1.movedim(-1, 1)).movedim(1, -1)
    return blend(image1, above, blend_factor, blend_mode)


@node("ImageBlur", category="image/postprocessing", display_name="Image Blur")
def image_blur(
    image: Image, blur_radius: Annotated[int, Range(1, 31, step=1)] = 1, sigma: Sigma = 1.0
) -> Image:
    """Gaussian blur.

    Args:
        image: the picture.
        blur_radius: how far it reaches, in pixels.
        sigma: width of the bell, in radii.
    """
    from nodeflow.imaging.filters import blur

    return blur(image, blur_radius, sigma)


@node("ImageSharpen", category="image/postprocessing", display_name="Image Sharpen")
def image_sharpen(
    image: Image,
    sharpen_radius: Annotated[int, Range(1, 31, step=1)] = 1,
    sigma: Sigma = 1.0,
    alpha: Annotated[float, Range(0.0, 5.0, step=0.01)] = 1.0,
) -> Image:
    """Make edges stronger.

    Args:
        image: the picture.
        sharpen_radius: how far it reaches, in pixels.
        sigma: width of the bell, in radii.
        alpha: how strongly.
    """
    from nodeflow.imaging.filters import sharpen

    return sharpen(image, sharpen_radius, sigma, alpha)


@node("ImageQuantize", category="image/postprocessing", display_name="Image Quantize")
def image_quantize(
    image: Image,
    colors: Annotated[int, Range(1, 256, step=1)] = 256,
    dither: Literal[
        "none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"
    ] = "none",
) -> Image:
    """Reduce a picture to a few colours.

    Args:
        image: the picture.
        colors: how many at most.
        dither: how tones between them are imitated.
    """
    from nodeflow.imaging.quantize import quantize

    return quantize(image, colors, dither)


@node("Morphology", category="image/postprocessing", display_name="Image Morphology")
def morphology(
    image: Image,
    operation: Literal[
        "erode", "dilate", "open", "close", "gradient", "bottom_hat", "top_hat"
    ] = "erode",
    kernel_size: Annotated[int, Range(3, 999, step=1)] = 3,
) -> Image:
    """Widen or narrow what is bright.

    Args:
        image: the picture.
        operation: what to do.
        kernel_size: side of the square looked at, in pixels; made odd.
    """
    from nodeflow.imaging.morphology import apply

    return apply(image.movedim(-1, 1), operation, kernel_size).movedim(1, -1)
