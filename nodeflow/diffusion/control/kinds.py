"""The kinds of picture that union control nets know, in the order of their published numbers."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from nodeflow.diffusion.recipe import ControlRecipe

PictureKind = Literal[
    "auto",
    "openpose",
    "depth",
    "hed/pidi/scribble/ted",
    "canny/lineart/anime_lineart/mlsd",
    "normal",
    "segment",
    "tile",
    "repaint",
]
"""After "auto", which tells nothing, six are in every union file; the last two in "promax" ones."""
KINDS: tuple[str, ...] = get_args(PictureKind)[1:]


def numbers_of(kind: PictureKind, recipe: "ControlRecipe") -> tuple[int, ...]:
    """What a control net is told of a kind; nothing for "auto".

    Raises ValueError where it does not know the kind.
    """
    from nodeflow.diffusion.control.files import read_control

    if kind == "auto":
        return ()
    path = Path(recipe.source.path)
    config = read_control(path).config
    known = 0 if config is None else config.types
    if known == 0:
        raise ValueError(
            f"'{path.name}' is no union control net and cannot be told that its picture is "
            f"'{kind}'; choose 'auto', or leave this node out"
        )
    number = KINDS.index(kind)
    if number >= known:
        raise ValueError(
            f"'{path.name}' does not know '{kind}'; it knows {', '.join(KINDS[:known])}"
        )
    return (number,)
