"""A plugin of one file: copy it into `plugins/`, allow it, use it."""

from typing import Annotated, NamedTuple

from nodeflow.node import Range, node
from nodeflow.values import Image, Mask


class Vignetted(NamedTuple):
    IMAGE: Image
    MASK: Mask


@node("Vignette", category="image/effects", version=1)
def vignette(
    image: Image,
    strength: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.6,
) -> Vignetted:
    """Darken a picture towards its corners.

    Args:
        image: the picture.
        strength: 0 leaves it as it is, 1 makes the corners black.
    """
    import torch

    rows, columns = image.shape[1:3]
    y = torch.linspace(-1, 1, rows)[:, None]
    x = torch.linspace(-1, 1, columns)[None]
    shade = strength * (x**2 + y**2) / 2
    return Vignetted(image * (1 - shade[None, :, :, None]), shade[None])
