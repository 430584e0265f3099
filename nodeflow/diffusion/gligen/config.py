"""Sizes of GLIGEN's networks."""

from dataclasses import dataclass

MOST = 30
"""Boxes that a model was trained to look at; those that are not used are told to be nothing."""


@dataclass(frozen=True, slots=True)
class GligenConfig:
    """The defaults are those of the files for Stable Diffusion 1.

    text: width of a box's pooled text. context: of the objects made of boxes. hidden: between.
    frequencies: of the sines that tell a corner. fusers: width of each transformer block: the way
    down, the way up, the middle.
    """

    text: int = 768
    context: int = 768
    hidden: int = 512
    frequencies: int = 8
    fusers: tuple[int, ...] = (
        320, 320, 640, 640, 1280, 1280, 1280, 1280, 1280, 640, 640, 640, 320, 320, 320, 1280,
    )  # fmt: skip
