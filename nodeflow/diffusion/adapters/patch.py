"""LoRA and its relatives as a patch of a recipe: which file, how strongly."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nodeflow.diffusion.adapters.names import Target
from nodeflow.diffusion.recipe import Tower, WeightPatch, WeightsFile

if TYPE_CHECKING:
    from torch import nn

    from nodeflow.diffusion.room import Allocate


def target_for(tower: Tower | None) -> Target:
    """The part of an adapter file that is for a text encoder, or for the UNet (None)."""
    if tower is None:
        return Target.UNET
    return Target.TEXT_2 if tower is Tower.G else Target.TEXT


@dataclass(frozen=True, slots=True)
class AdapterPatch(WeightPatch):
    """The changes of an adapter file at a strength; 1 is as it was trained."""

    file: WeightsFile
    strength: float

    def apply(self, module: "nn.Module", tower: Tower | None, allocate: "Allocate") -> None:
        from nodeflow.diffusion.adapters.apply import apply_adapter

        apply_adapter(Path(self.file.path), self.strength, module, target_for(tower), allocate)
