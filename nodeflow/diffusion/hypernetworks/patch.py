"""A hypernetwork as a patch of a model: which file, how strongly."""

from dataclasses import dataclass, replace
from pathlib import Path

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, read_header
from nodeflow.diffusion.checkpoint.parts import unet_part
from nodeflow.diffusion.hypernetworks.files import read_hypernetwork
from nodeflow.diffusion.recipe import ModelRecipe, Patch, WeightsFile
from nodeflow.diffusion.unet.places import attention_places


@dataclass(frozen=True, slots=True)
class HypernetworkPatch(Patch):
    """Added to what attention looks at; strength 1 is as it was trained."""

    file: WeightsFile
    strength: float


def model_with_hypernetwork(model: ModelRecipe, file: WeightsFile, strength: float) -> ModelRecipe:
    """The recipe with a hypernetwork; strength 0 leaves it as it is.

    Raises CheckpointError where the file was made for another family.
    """
    if strength == 0:
        return model
    unet = unet_part(Path(model.source.path)).config
    own = {*attention_places(unet).values(), unet.context_width}
    check_widths(read_header(Path(file.path)), own)
    return replace(model, patches=(*model.patches, HypernetworkPatch(file, strength)))


def check_widths(header: Header, own: set[int]) -> None:
    """Raise CheckpointError where a file changes contexts of widths that are not a model's own."""
    strange = [w for w in read_hypernetwork(header).config.widths if w not in own]
    if strange:
        raise CheckpointError(
            f"it changes contexts {listed(strange)} wide, and this model's are "
            f"{listed(sorted(own))}: it was made for another family of models"
        )


def listed(numbers: list[int]) -> str:
    """Numbers as words."""
    return ", ".join(f"{number:,}" for number in numbers)
