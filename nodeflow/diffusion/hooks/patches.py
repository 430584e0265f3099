"""Hooks as patches of the recipe whose weights they change."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nodeflow.diffusion.adapters.patch import AdapterPatch, target_for
from nodeflow.diffusion.checkpoint.problem import CheckpointError
from nodeflow.diffusion.hooks.course import Weighed
from nodeflow.diffusion.hooks.hook import WholeModel
from nodeflow.diffusion.merging.patch import MergePatch, Share, weight_patches
from nodeflow.diffusion.recipe import ClipRecipe, ModelRecipe, WeightPatch

if TYPE_CHECKING:
    from torch import nn


def patches_for(
    found: Sequence[Weighed], base: ModelRecipe | ClipRecipe
) -> tuple[WeightPatch, ...]:
    """What is to be applied to the modules of `base`, after its own patches."""
    return tuple(patch for each in found for patch in _patches(each, base))


def _patches(each: Weighed, base: ModelRecipe | ClipRecipe) -> tuple[WeightPatch, ...]:
    change, strength = each.change, each.strength
    if not isinstance(change, WholeModel):
        return (AdapterPatch(change, strength),)
    other = change.model if isinstance(base, ModelRecipe) else change.clip
    if not weight_patches(base.patches):
        return (MergePatch(other, (Share("", 1 - strength, strength),)),)
    bare = replace(base, patches=())
    return (
        MergePatch(other, (Share("", 1.0, strength),)),
        MergePatch(bare, (Share("", 1.0, -strength),)),
    )


def check_fits(found: Sequence[Weighed], network: "nn.Module") -> None:
    """Raise CheckpointError for a file of which nothing fits a UNet.

    One for text encoders alone is sound: it leaves the UNet as it is.
    """
    from nodeflow.diffusion.adapters.apply import fit_file

    for change in (each.change for each in found):
        if isinstance(change, WholeModel):
            continue
        path = Path(change.path)
        fit = fit_file(path, network, target_for(None))
        if not fit.entries and (fit.strangers or not fit.elsewhere):
            raise CheckpointError(
                f"the hook's file '{path.name}' changes nothing in this model: it was made for "
                f"another family; choose one for this family in the node that creates the hook"
            )
