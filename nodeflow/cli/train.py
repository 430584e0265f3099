"""`train …`: the training of the embedded models."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def command(argv: Sequence[str]) -> int:
    """Hand over to the training's own commands."""
    from nodeflow.diffusion.training.command import main

    return main(argv, edges)


def edges(pictures: "Tensor") -> "Tensor":
    """What the Canny node makes of pictures by default."""
    from nodeflow.imaging.canny import canny

    return canny(pictures, 0.4, 0.8)
