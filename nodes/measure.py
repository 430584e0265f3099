"""Pictures compared and measured."""

from typing import Annotated, NamedTuple

from nodeflow.node import Range, node
from nodeflow.values import Image


class Likeness(NamedTuple):
    psnr: float
    ssim: float
    equal: bool


@node("ImageSimilarity", category="image/measure", display_name="Image Similarity")
def image_similarity(image1: Image, image2: Image) -> Likeness:
    """How alike two pictures of one size are: PSNR in dB, SSIM from -1 to 1, and whether equal.

    Args:
        image1: the first.
        image2: the second.
    """
    import torch

    from nodeflow.imaging.compare import comparable, psnr, ssim

    image1, image2 = comparable(image1, image2)
    score = psnr(image1, image2)
    return Likeness(score, ssim(image1, image2), torch.equal(image1, image2))


@node("ImageDifference", category="image/measure", display_name="Image Difference")
def image_difference(
    image1: Image, image2: Image, gain: Annotated[float, Range(0.1, 255.0, step=0.1)] = 1.0
) -> Image:
    """Where two pictures of one size differ.

    Args:
        image1: the first.
        image2: the second.
        gain: makes small differences visible.
    """
    from nodeflow.imaging.compare import comparable, difference

    return difference(*comparable(image1, image2), gain)


@node("ImageHistogram", category="image/measure", display_name="Image Histogram")
def image_histogram(image: Image, height: Annotated[int, Range(16, 1024, step=1)] = 128) -> Image:
    """How often each level of red, green and blue occurs, as a picture 256 pixels wide.

    Args:
        image: the picture.
        height: of the diagram in pixels.
    """
    from nodeflow.imaging.compare import histogram

    return histogram(image, height)
