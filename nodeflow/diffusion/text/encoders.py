"""A family's text encoders in memory."""

from collections.abc import Mapping
from dataclasses import dataclass

from nodeflow.diffusion.recipe import FamilyName, Tower
from nodeflow.diffusion.text.transformer import ClipTextTransformer


@dataclass(frozen=True, eq=False)
class TextEncoders:
    """The encoders by their role, in the order in which their features are joined."""

    family: FamilyName
    towers: Mapping[Tower, ClipTextTransformer]
