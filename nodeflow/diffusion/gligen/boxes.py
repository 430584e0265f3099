"""A box added to a prompt."""

from dataclasses import replace
from pathlib import Path

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.conditioning import Conditioning, Grounding, TextBox
from nodeflow.diffusion.gligen.config import MOST
from nodeflow.diffusion.gligen.files import read_gligen
from nodeflow.diffusion.recipe import GligenRecipe


def with_box(conditioning: Conditioning, net: GligenRecipe, box: TextBox) -> Conditioning:
    """Every entry with one box more, all of them for `net`.

    Raises CheckpointError where the text is of another width than the network takes, ValueError
    where there are as many boxes as it can look at.
    """
    wanted, found = read_gligen(Path(net.source.path)).config.text, box.text.shape[-1]
    if wanted != found:
        raise CheckpointError(
            f"the GLIGEN model takes texts {wanted:,} numbers wide, and this text encoder's are "
            f"{found:,} wide: use the CLIP of a model of its family"
        )
    made = []
    for entry in conditioning:
        before = () if entry.grounding is None else entry.grounding.boxes
        if len(before) == MOST:
            raise ValueError(f"there are {MOST} boxes already, and GLIGEN looks at no more")
        made.append(replace(entry, grounding=Grounding(net, (*before, box))))
    return tuple(made)
