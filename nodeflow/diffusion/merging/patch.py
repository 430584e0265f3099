"""A mixture of two models as a patch of the first one's recipe."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from nodeflow.diffusion.recipe import (
    ClipRecipe,
    ModelRecipe,
    Patch,
    Tower,
    VaeRecipe,
    WeightPatch,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from nodeflow.diffusion.checkpoint.parts import Part
    from nodeflow.diffusion.room import Allocate

Mixable: TypeAlias = ModelRecipe | ClipRecipe | VaeRecipe


@dataclass(frozen=True, slots=True)
class Share:
    """How much of both models' weights stands in the mixture, below a prefix of names.

    Prefixes of a UNet are those of the single file (`input_blocks.0.`), of others ours
    (`decoder.`); the longest that fits counts, and the empty one stands for all.
    """

    prefix: str
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class MergePatch(WeightPatch):
    """`first · w + second · w'` for every weight, with the weights of another recipe."""

    other: Mixable
    shares: tuple[Share, ...]

    def apply(self, module: "nn.Module", tower: Tower | None, allocate: "Allocate") -> None:
        import torch

        from nodeflow.diffusion.checkpoint.header import CheckpointError
        from nodeflow.diffusion.checkpoint.load import assign
        from nodeflow.diffusion.packed import plain

        own = dict(module.named_parameters())
        names = stored_names(module)
        seen = set()
        for name, theirs in other_weights(self.other, module, tower):
            weight = own.get(name)
            if weight is None or weight.shape != theirs.shape:
                raise CheckpointError(
                    f"the two models cannot be mixed: '{name}' is there in one of them only, or of "
                    "another size; they are of different families"
                )
            share = share_for(names.get(name, name), self.shares)
            seen.add(name)
            if (share.first, share.second) != (1.0, 0.0):
                whole = plain(weight.data).float()
                mixed = torch.mul(whole, share.first, out=allocate(whole))
                mixed += share.second * theirs.float()
                assign(module, name, mixed.to(weight.dtype))
        if missing := own.keys() - seen:
            raise CheckpointError(f"the second model has no '{min(missing)}': another family")


def share_for(name: str, shares: tuple[Share, ...]) -> Share:
    """The share with the longest prefix that fits; all of the first where none does."""
    fitting = [share for share in shares if name.startswith(share.prefix)]
    return max(fitting, key=lambda share: len(share.prefix), default=Share("", 1.0, 0.0))


def stored_names(module: "nn.Module") -> dict[str, str]:
    """Our names of a UNet's weights to those of the single file; those of others stay."""
    from nodeflow.diffusion.checkpoint.ldm_keys import unet_key_map
    from nodeflow.diffusion.unet.model import UNet2DConditionModel

    if not isinstance(module, UNet2DConditionModel):
        return {}
    return {ours: theirs for theirs, ours in unet_key_map(module.config).items()}


def weight_patches(patches: tuple[Patch, ...]) -> list[WeightPatch]:
    """Those of a recipe's patches that change weights."""
    return [patch for patch in patches if isinstance(patch, WeightPatch)]


def other_weights(
    recipe: Mixable, like: "nn.Module", tower: Tower | None
) -> "Iterator[tuple[str, Tensor]]":
    """A recipe's weights by our names, on the device of `like`; read one by one where it has no
    patches of its own, so that no second model lies in memory.
    """
    import torch

    from nodeflow.diffusion.checkpoint.load import fitted
    from nodeflow.diffusion.checkpoint.names import names_of
    from nodeflow.diffusion.checkpoint.reader import WeightsReader

    first = next(like.parameters())
    patches = weight_patches(recipe.patches)
    compact = isinstance(recipe, ClipRecipe)
    if patches or compact:
        module = loaded(recipe, tower, first.dtype, str(first.device))
        for patch in patches:
            patch.apply(module, tower, torch.empty_like)
        for name, parameter in module.named_parameters():
            yield name, parameter.data
        return
    part = part_of(recipe, tower)
    shapes = {name: parameter.shape for name, parameter in like.named_parameters()}
    names = names_of(part, shapes)
    with WeightsReader(*part.files) as reader:
        for name, stored in names.items():
            if stored.name not in reader.tensors:
                continue
            value = reader.read_stored(stored)
            yield name, fitted(value, shapes.get(name, value.shape)).to(first.device)


def loaded(recipe: Mixable, tower: Tower | None, dtype: "torch.dtype", device: str) -> "nn.Module":
    """A recipe's network as its file has it, beside those that are held."""
    from nodeflow.diffusion.checkpoint.load import load_text, load_unet, load_vae

    path = source_of(recipe, tower)
    if isinstance(recipe, VaeRecipe):
        return load_vae(path, dtype, device)
    return (
        load_unet(path, dtype, device) if tower is None else load_text(path, dtype, device, tower)
    )


def part_of(recipe: Mixable, tower: Tower | None) -> "Part[Any]":
    """The part of a file that is a recipe's network."""
    from nodeflow.diffusion.checkpoint.parts import text_part, unet_part, vae_part

    path = source_of(recipe, tower)
    if isinstance(recipe, VaeRecipe):
        return vae_part(path)
    return unet_part(path) if tower is None else text_part(path, tower)


def source_of(recipe: Mixable, tower: Tower | None) -> Path:
    """The file that holds a recipe's network. Raises CheckpointError where a text encoder has no
    such tower."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError

    if not isinstance(recipe, ClipRecipe):
        return Path(recipe.source.path)
    found = next((s.file.path for s in recipe.sources if s.tower is tower), None)
    if found is None:
        raise CheckpointError(f"the second text encoder has no {tower}: another family")
    return Path(found)
