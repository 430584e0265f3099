"""Texts in boxes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated

from nodeflow.node import Folders, InputProblem, ModelFile, Multiline, Range, RunContext, node
from nodeflow.values import Clip, Conditioning, Gligen, foreseen

Side = Annotated[int, Range(8, 16384, step=8)]
Offset = Annotated[int, Range(0, 16384, step=8)]
CELL = 8
"""Pixels along a side of a latent cell."""


def readable_gligen(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and for text boxes."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.gligen.files import read_gligen

    name = str(literals["gligen_name"])
    try:
        read_gligen(folders.find_model("gligen", name))
    except CheckpointError as error:
        expected = "a GLIGEN model for text boxes"
        yield InputProblem("gligen_name", f"'{name}' cannot be used: {error}", expected)


@node(
    "GLIGENLoader",
    category="loaders",
    display_name="Load GLIGEN Model",
    store=False,
    validate=readable_gligen,
    infer=foreseen.lone_gligen,
)
def gligen_loader(gligen_name: Annotated[str, ModelFile("gligen")], context: RunContext) -> Gligen:
    """What lets a model put texts into boxes.

    Args:
        gligen_name: a file in the `gligen` folders, with or without its suffix.
    """
    from nodeflow.diffusion.recipe import GligenRecipe, WeightsFile

    path = context.folders.find_model("gligen", gligen_name)
    return GligenRecipe(WeightsFile(str(path), context.fingerprint(path)))


@node(
    "GLIGENTextBoxApply",
    category="conditioning/gligen",
    display_name="GLIGEN Textbox Apply",
    lane="device",
    infer=foreseen.boxed,
)
def gligen_text_box_apply(
    conditioning_to: Conditioning,
    clip: Clip,
    gligen_textbox_model: Gligen,
    text: Annotated[str, Multiline()],
    context: RunContext,
    width: Side = 64,
    height: Side = 64,
    x: Offset = 0,
    y: Offset = 0,
) -> Conditioning:
    """Say what is to be in a box of the picture. Up to 30 boxes may follow each other.

    Args:
        conditioning_to: what the whole picture shows; it should name what is in the box too.
        clip: the text encoder.
        gligen_textbox_model: for the model's family.
        text: what is to be in the box.
        width: of the box in pixels.
        height: of the box in pixels.
        x: its left side.
        y: its upper side.
    """
    from nodeflow.diffusion.conditioning import Area, TextBox
    from nodeflow.diffusion.gligen.boxes import with_box
    from nodeflow.diffusion.gligen.text import box_text
    from nodeflow.diffusion.residency import residency_of

    residency = context.resources.get(*residency_of(context.device))
    seen = box_text(residency.text_encoders(replace(clip, hooks=None)), text)
    area = Area(height // CELL, width // CELL, y // CELL, x // CELL)
    return with_box(conditioning_to, gligen_textbox_model, TextBox(seen, area))
