"""Pictures as a prompt: an IP-Adapter, what it makes of them, and where and when it counts."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.made_for import check_model, widths_of
from nodeflow.diffusion.checkpoint.parts import unet_part, vision_part
from nodeflow.diffusion.held_tensors import HeldTensors
from nodeflow.diffusion.ip_adapter.config import IPAdapterConfig, Projection
from nodeflow.diffusion.ip_adapter.files import read_ip_adapter
from nodeflow.diffusion.recipe import ModelRecipe, Patch, VisionRecipe, WeightsFile

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class IPAdapterRecipe:
    """An IP-Adapter by its file."""

    source: WeightsFile

    @property
    def config(self) -> IPAdapterConfig:
        """Its sizes, from the file's header."""
        return read_ip_adapter(Path(self.source.path)).config


class SeenPictures(HeldTensors):
    """Tokens float32 `[1, n, context]` for the positive side and as many for the negative one."""

    @property
    def positive(self) -> "Tensor":
        """Of the pictures."""
        return self.tensors["positive"]

    @property
    def negative(self) -> "Tensor":
        """Of nothing."""
        return self.tensors["negative"]

    @property
    def mask(self) -> "Tensor | None":
        """Where they count, float32 `[1, height, width]` of any size in 0..1; None everywhere."""
        return self.tensors.get("mask")


@dataclass(frozen=True, slots=True)
class PicturePrompt(Patch):
    """weight: factor of what attention sees in the pictures, added to what it sees in the text.

    start_percent, end_percent: the part of the sampling in which it acts, 0 is its beginning.
    """

    adapter: IPAdapterRecipe
    seen: SeenPictures
    weight: float
    start_percent: float = 0.0
    end_percent: float = 1.0


def check_fit(model: ModelRecipe, adapter: IPAdapterRecipe, vision: VisionRecipe) -> None:
    """Raise CheckpointError where an adapter is for another family or another image encoder."""
    unet, config = unet_part(Path(model.source.path)).config, adapter.config
    check_model((config.context, config.layers), widths_of(unet))
    eyes = vision_part(Path(vision.source.path)).config
    width = eyes.projection if config.projection is Projection.PLAIN else eyes.width
    if width != config.seen:
        what = "embedding" if config.projection is Projection.PLAIN else "states"
        raise CheckpointError(
            f"the IP-Adapter takes an image encoder's {what} {config.seen:,} numbers wide, and "
            f"this one's are {width or 0:,} wide: it was trained with another image encoder"
        )


def with_pictures(model: ModelRecipe, prompt: PicturePrompt) -> ModelRecipe:
    """The recipe with pictures as a prompt."""
    return replace(model, patches=(*model.patches, prompt))
