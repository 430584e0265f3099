"""Hooks as patches of the recipe whose weights they change."""

from collections.abc import Sequence
from dataclasses import replace

from nodeflow.diffusion.adapters.patch import AdapterPatch
from nodeflow.diffusion.hooks.course import Weighed
from nodeflow.diffusion.hooks.hook import WholeModel
from nodeflow.diffusion.merging.patch import MergePatch, Share, weight_patches
from nodeflow.diffusion.recipe import ClipRecipe, ModelRecipe, WeightPatch


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
