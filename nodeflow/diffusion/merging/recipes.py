"""Recipes of mixtures, refused at once where two models cannot be mixed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, TypeVar

from nodeflow.diffusion.merging.patch import MergePatch, Mixable, Share
from nodeflow.diffusion.recipe import ClipRecipe, ModelRecipe, VaeRecipe
from nodeflow.diffusion.vae.config import VAEConfig

R = TypeVar("R", ModelRecipe, ClipRecipe)
Shares: TypeAlias = Mapping[str, tuple[float, float]]


def merged(first: R, second: R, shares: Shares) -> R:
    """The first recipe with a mixture as its last patch; shares of both by prefix of names.

    Raises ValueError where the families differ.
    """
    if first.family is not second.family:
        raise ValueError(f"models of {first.family} and of {second.family} cannot be mixed")
    return replace(first, patches=(*first.patches, mixture(second, shares)))


def merged_vae(first: VaeRecipe, second: VaeRecipe, shares: Shares) -> VaeRecipe:
    """The same for autoencoders. Raises ValueError where their layers differ in number or size."""
    from nodeflow.diffusion.checkpoint.parts import vae_part

    if (first.tiny_scale is None) is not (second.tiny_scale is None):
        raise ValueError("TAESD and a whole autoencoder have other layers: they cannot be mixed")
    if first.tiny_scale is not None:
        raise ValueError("two TAESD cannot be mixed, only whole autoencoders")
    one, two = (vae_part(Path(recipe.source.path)).config for recipe in (first, second))
    if one != two:
        raise ValueError(f"autoencoders of {sizes(one)} and of {sizes(two)} cannot be mixed")
    return replace(first, patches=(*first.patches, mixture(second, shares)))


def sizes(config: VAEConfig) -> str:
    """What tells autoencoders apart, in words."""
    widths = ", ".join(str(width) for width in config.block_out_channels)
    layers, groups = config.layers_per_block, config.norm_groups
    return (
        f"widths {widths} with {layers} layers each, groups of {groups} "
        f"and {config.latent_channels} channels"
    )


def mixture(second: Mixable, shares: Shares) -> MergePatch:
    """What makes a mixture of a recipe that it is put on."""
    return MergePatch(second, tuple(Share(prefix, a, b) for prefix, (a, b) in shares.items()))
