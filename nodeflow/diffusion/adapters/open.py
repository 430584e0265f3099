"""Adapter files held against the models that they shall change, before anything is computed."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from nodeflow.diffusion.adapters.apply import fit_file
from nodeflow.diffusion.adapters.patch import AdapterPatch, target_for
from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.parts import text_part, unet_part
from nodeflow.diffusion.recipe import ClipRecipe, ModelRecipe, Tower, WeightsFile
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel


@lru_cache(maxsize=4)
def hollow(config: UNetConfig | TextConfig) -> nn.Module:
    """A network with shapes only. Building one takes longer than all else of a new strength."""
    with torch.device("meta"):
        if isinstance(config, UNetConfig):
            return UNet2DConditionModel(config)
        return ClipTextTransformer(config)


def without_weights(path: Path, tower: Tower | None) -> nn.Module:
    """The network of a file with shapes only."""
    return hollow(unet_part(path).config if tower is None else text_part(path, tower).config)


def _foreign(file: WeightsFile) -> CheckpointError:
    name = Path(file.path).name
    return CheckpointError(f"{name} changes nothing in this model: it was made for another family")


def matches(file: WeightsFile, source: WeightsFile, tower: Tower | None) -> int:
    """How many modules of a network the file changes. Raises CheckpointError on a wrong size."""
    module = without_weights(Path(source.path), tower)
    return len(fit_file(Path(file.path), module, target_for(tower)).entries)


def model_with_adapter(model: ModelRecipe, file: WeightsFile, strength: float) -> ModelRecipe:
    """The recipe with an adapter; strength 0 leaves it as it is.

    Raises CheckpointError where the file was made for another family.
    """
    if strength == 0:
        return model
    if not matches(file, model.source, None):
        raise _foreign(file)
    return replace(model, patches=(*model.patches, AdapterPatch(file, strength)))


def with_adapter(
    model: ModelRecipe, clip: ClipRecipe, file: WeightsFile, strengths: tuple[float, float]
) -> tuple[ModelRecipe, ClipRecipe]:
    """Both recipes with an adapter; strengths for the model and for the text encoders.

    Strength 0 leaves a recipe as it is. Raises CheckpointError where the file was made for
    another family, or could change neither at any strength.
    """
    if not any(strengths):
        return model, clip
    entries = matches(file, model.source, None)
    entries += sum(matches(file, source.file, source.tower) for source in clip.sources)
    if not entries:
        raise _foreign(file)
    for_model, for_text = strengths
    if for_model:
        model = replace(model, patches=(*model.patches, AdapterPatch(file, for_model)))
    if for_text:
        clip = replace(clip, patches=(*clip.patches, AdapterPatch(file, for_text)))
    return model, clip
