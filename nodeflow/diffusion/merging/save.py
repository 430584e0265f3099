"""Recipes written as Stable Diffusion single files, patches worked into the weights.

Names, dtypes and everything that is no weight are those of the files that the recipes come from;
a part from a diffusers folder gets single-file names.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nodeflow.diffusion.checkpoint import ldm_keys
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header
from nodeflow.diffusion.checkpoint.layout import Naming
from nodeflow.diffusion.checkpoint.names import names_of
from nodeflow.diffusion.checkpoint.parts import Part, text_part, unet_part, vae_part
from nodeflow.diffusion.checkpoint.reader import DTYPES, WeightsReader
from nodeflow.diffusion.checkpoint.stored import Names, Stored
from nodeflow.diffusion.checkpoint.write import write_tensors
from nodeflow.diffusion.packed import plain
from nodeflow.diffusion.recipe import ClipRecipe, FamilyName, ModelRecipe, Tower, VaeRecipe
from nodeflow.diffusion.residency import Residency

UNET, VAE = "model.diffusion_model.", "first_stage_model."
TEXT: Mapping[tuple[FamilyName, Tower], Mapping[Naming, str]] = {
    (FamilyName.SD1, Tower.L): {Naming.DIFFUSERS: "cond_stage_model.transformer."},
    (FamilyName.SD2, Tower.H): {
        Naming.OPENCLIP: "cond_stage_model.model.",
        Naming.DIFFUSERS: "clip_h.transformer.",
    },
    (FamilyName.SDXL, Tower.L): {Naming.DIFFUSERS: "conditioner.embedders.0.transformer."},
    (FamilyName.SDXL, Tower.G): {
        Naming.OPENCLIP: "conditioner.embedders.1.model.",
        Naming.DIFFUSERS: "clip_g.transformer.",
    },
    (FamilyName.REFINER, Tower.G): {
        Naming.OPENCLIP: "conditioner.embedders.0.model.",
        Naming.DIFFUSERS: "clip_g.transformer.",
    },
}
"""Where a text encoder stands in a single file."""


@dataclass(frozen=True)
class Recipes:
    """What goes into a file; None is left out."""

    model: ModelRecipe | None = None
    clip: ClipRecipe | None = None
    vae: VaeRecipe | None = None


def put_back(
    values: Mapping[str, Tensor], names: Names, reader: WeightsReader
) -> dict[str, Tensor]:
    """Our weights under a file's names and in its dtypes; fused tensors joined again."""
    out: dict[str, Tensor] = {}
    for ours, stored in names.items():
        _, info = reader.tensors[stored.name]
        value = plain(values[ours]).to(DTYPES[info.dtype]).cpu()
        value = value.mT if stored.transposed and value.dim() == 2 else value
        if stored.third is None:
            out[stored.name] = value.reshape(info.shape).contiguous()
            continue
        whole = out.setdefault(stored.name, torch.empty(info.shape, dtype=value.dtype))
        rows = info.shape[0] // 3
        whole[stored.third * rows : (stored.third + 1) * rows] = value
    return out


def part_tensors(part: Part[Any], module: nn.Module, prefix: str) -> dict[str, Tensor]:
    """All tensors of a part with a module's weights, behind a single file's prefix."""
    values = {name: p.data for name, p in module.named_parameters()}
    names = names_of(part, values)
    own = part.place.prefix
    with WeightsReader(*part.files) as reader:
        kept = {name: reader.read(name) for name in part.own()} if own else {}
        compact = {o for o, s in names.items() if values[o].numel() != _count(reader, s)}
        written = put_back(values, {o: s for o, s in names.items() if o not in compact}, reader)
        kept.update({names[o].name: reader.read(names[o].name) for o in compact})
    kept.update(written)
    renamed = {name.removeprefix(own): value for name, value in kept.items()}
    if part.place.naming is Naming.DIFFUSERS and prefix in (UNET, VAE):
        to_single = ldm_keys.unet_key_map if prefix == UNET else ldm_keys.vae_key_map
        back = {ours: theirs for theirs, ours in to_single(part.config).items()}
        stored_to_ours = {s.name.removeprefix(own): o for o, s in names.items()}
        renamed = {back[stored_to_ours[n]]: v for n, v in renamed.items() if n in stored_to_ours}
    return {prefix + name: value for name, value in renamed.items()}


def _count(reader: WeightsReader, stored: Stored) -> int:
    """How many numbers a weight has in the file; a table kept compact there has fewer."""
    _, info = reader.tensors[stored.name]
    return prod(info.shape) // (1 if stored.third is None else 3)


def collect(recipes: Recipes, residency: Residency) -> dict[str, Tensor]:
    """All tensors of a file. Raises CheckpointError where a recipe cannot be written."""
    tensors: dict[str, Tensor] = {}
    if recipes.model is not None:
        path = Path(recipes.model.source.path)
        tensors.update(part_tensors(unet_part(path), residency.unet(recipes.model), UNET))
        with_markers(tensors, path)
    if recipes.clip is not None:
        for source in recipes.clip.sources:
            part = text_part(Path(source.file.path), source.tower)
            places = TEXT.get((recipes.clip.family, source.tower), {})
            if part.place.naming not in places:
                raise CheckpointError(f"a text encoder with {part.place.naming} names has no place")
            module = residency.text_encoders(recipes.clip).towers[source.tower]
            tensors.update(part_tensors(part, module, places[part.place.naming]))
    if recipes.vae is not None:
        part_of_vae = vae_part(Path(recipes.vae.source.path))
        tensors.update(part_tensors(part_of_vae, residency.vae(recipes.vae), VAE))
    return tensors


MARKERS = (
    "v_pred", "ztsnr", "edm_vpred.sigma_max", "edm_vpred.sigma_min", "edm_mean", "edm_std",
)  # fmt: skip


def with_markers(tensors: dict[str, Tensor], path: Path) -> None:
    """Add the small tensors by which a file says what it predicts."""
    if path.is_dir():
        return
    with WeightsReader(path) as reader:
        for marker in MARKERS:
            if marker in reader.tensors:
                tensors[marker] = reader.read(marker)


def metadata_of(recipes: Recipes) -> dict[str, str]:
    """What shapes do not show, out of the files that the parts come from."""
    headers: dict[str, Header] = {}
    if recipes.model is not None:
        headers["nodeflow.unet"] = unet_part(Path(recipes.model.source.path)).header
    if recipes.vae is not None:
        headers["nodeflow.vae"] = vae_part(Path(recipes.vae.source.path)).header
    if recipes.clip is not None:
        first = recipes.clip.sources[0]
        headers["nodeflow.text"] = text_part(Path(first.file.path), first.tower).header
    return {key: h.metadata[key] for key, h in headers.items() if key in h.metadata}


def write_recipes(
    path: Path, recipes: Recipes, residency: Residency, metadata: Mapping[str, str]
) -> None:
    """Write a file of recipes."""
    facts = {"nodeflow.merged": json.dumps(True), **metadata_of(recipes), **metadata}
    write_tensors(path, collect(recipes, residency), facts)
