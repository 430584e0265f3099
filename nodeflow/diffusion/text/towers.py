"""How each family reads its text encoders: which layer, which norm, which padding."""

from dataclasses import dataclass

from nodeflow.diffusion.recipe import FamilyName, Tower
from nodeflow.diffusion.text.tokenizer import END


@dataclass(frozen=True, slots=True)
class Reading:
    """One encoder's convention. `layer` counts from the end; `pad`: token behind the end token."""

    layer: int
    final_norm: bool
    pad: int


def reading(family: FamilyName, tower: Tower) -> Reading:
    """SD1: last layer, normed; SD2: the one before, normed; SDXL: the one before, not normed."""
    pad = END if tower is Tower.L else 0
    match family:
        case FamilyName.SD1:
            return Reading(-1, True, pad)
        case FamilyName.SD2 | FamilyName.UPSCALER:
            return Reading(-2, True, pad)
        case FamilyName.SDXL | FamilyName.REFINER:
            return Reading(-2, False, pad)
