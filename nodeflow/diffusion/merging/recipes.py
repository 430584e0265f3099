"""Recipes of mixtures, refused at once where two models cannot be mixed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from nodeflow.diffusion.merging.patch import MergePatch, Share
from nodeflow.diffusion.recipe import ClipRecipe, ModelRecipe

R = TypeVar("R", ModelRecipe, ClipRecipe)


def merged(first: R, second: R, shares: Mapping[str, tuple[float, float]]) -> R:
    """The first recipe with a mixture as its last patch; shares of both by prefix of names.

    Raises ValueError where the families differ.
    """
    if first.family is not second.family:
        raise ValueError(f"models of {first.family} and of {second.family} cannot be mixed")
    listed = tuple(Share(prefix, a, b) for prefix, (a, b) in shares.items())
    return replace(first, patches=(*first.patches, MergePatch(second, listed)))
