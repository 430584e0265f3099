"""Reading weights into modules, one tensor at a time, without a second copy of the file."""

import logging
from collections.abc import Collection, Iterable
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nodeflow.diffusion.checkpoint.detect_text import TOKEN_IDS, VOCABULARY
from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
from nodeflow.diffusion.checkpoint.layout import find_layout
from nodeflow.diffusion.checkpoint.names import names_of, outside, unused
from nodeflow.diffusion.checkpoint.parts import (
    Part,
    text_part,
    unet_part,
    vae_part,
    vision_part,
)
from nodeflow.diffusion.checkpoint.reader import WeightsReader
from nodeflow.diffusion.checkpoint.stored import Names
from nodeflow.diffusion.recipe import StoredAs, Tower
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.model import BOTH, AutoencoderKL, Half
from nodeflow.diffusion.vision.transformer import ClipVisionTransformer

ROUNDED = {StoredAs.E4M3: torch.float8_e4m3fn, StoredAs.E5M2: torch.float8_e5m2}


def fitted(value: Tensor, shape: torch.Size) -> Tensor:
    """A weight whose 1x1 convolution is written as a linear layer, or the other way round."""
    if value.dim() == 4 and len(shape) == 2 and value.shape[2:] == (1, 1):
        return value[:, :, 0, 0]
    if value.dim() == 2 and len(shape) == 4 and shape[2:] == (1, 1):
        return value[:, :, None, None]
    return value


def fill(
    module: nn.Module,
    reader: WeightsReader,
    names: Names,
    dtype: torch.dtype,
    device: str,
    rounded: torch.dtype | None = None,
) -> None:
    """Give a module on the meta device its weights.

    rounded: a narrower type that the weights go through. Raises CheckpointError naming what is
    missing, has another shape, or is not a number.
    """
    wanted = dict(module.named_parameters())
    missing = [stored.name for stored in names.values() if stored.name not in reader.tensors]
    if missing:
        raise CheckpointError(f"{len(missing)} weights are missing: {_some(missing)}")
    for ours, stored in names.items():
        target = wanted.pop(ours)
        read = reader.read_stored(stored)
        value = fitted(read, target.shape)
        if value.shape != target.shape:
            raise CheckpointError(
                f"'{stored.name}' has the shape {list(read.shape)}, expected {list(target.shape)}"
            )
        if not value.is_floating_point():
            raise CheckpointError(f"'{stored.name}' is of type {value.dtype}, expected floats")
        if rounded is not None:
            value = value.float().to(rounded)
        value = value.to(device, dtype)
        if not torch.isfinite(value.sum()) and not torch.isfinite(value).all():
            raise CheckpointError(f"'{stored.name}' holds values that are no numbers (NaN or Inf)")
        assign(module, ours, value.contiguous())
    if wanted:
        raise CheckpointError(f"{len(wanted)} weights have no source: {_some(wanted)}")


def assign(module: nn.Module, name: str, value: Tensor) -> None:
    """Put a weight in its place; the parameter that was there is left as it is."""
    *path, leaf = name.split(".")
    owner = module.get_submodule(".".join(path))
    setattr(owner, leaf, nn.Parameter(value, requires_grad=False))


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:5]) + (" …" if len(listed) > 5 else "")


def warn_unused(files: str, names: Collection[str]) -> None:
    """Name in the log the tensors of a file that no weight comes from."""
    if names:
        logging.getLogger(__name__).warning(
            "%s: %d tensors are not used: %s", files, len(names), _some(names)
        )


def load_part(
    part: Part[Any],
    module: nn.Module,
    dtype: torch.dtype,
    device: str,
    rounded: torch.dtype | None = None,
    whole: nn.Module | None = None,
) -> None:
    """Fill a module made for a part; tensors that no weight comes from are named in the log.

    whole: what the module is a half of, for which the file's other tensors are.
    """
    names = names_of(part, [name for name, _ in (whole or module).named_parameters()])
    rest = unused(part, names)
    names = {name: names[name] for name, _ in module.named_parameters() if name in names}
    warn_unused(", ".join(file.name for file in part.files), rest)
    with WeightsReader(*part.files) as reader:
        fill(module, reader, names, dtype, device, rounded)


def load_unet(
    path: Path, dtype: torch.dtype, device: str, stored_as: StoredAs = StoredAs.AS_IS
) -> UNet2DConditionModel:
    """The UNet of a single file or a diffusers folder.

    What lies in a single file beside its networks is named in the log too.
    """
    part = unet_part(path)
    if path.is_file():
        warn_unused(path.name, outside(part.header.tensors, find_layout(part.header)))
    with torch.device("meta"):
        unet = UNet2DConditionModel(part.config)
    load_part(part, unet, dtype, device, ROUNDED.get(stored_as))
    return unet.eval()


def load_vae(
    path: Path, dtype: torch.dtype, device: str, halves: Collection[Half] = BOTH
) -> AutoencoderKL:
    """The autoencoder of a single file, a VAE file or a diffusers folder, or a half of it."""
    part = vae_part(path)
    with torch.device("meta"):
        vae, whole = AutoencoderKL(part.config, halves), AutoencoderKL(part.config)
    load_part(part, vae, dtype, device, whole=whole)
    return vae.eval()


def half_count(path: Path, half: Half) -> int:
    """How many weights a half of an autoencoder has."""
    with torch.device("meta"):
        return sum(p.numel() for p in AutoencoderKL(vae_part(path).config, (half,)).parameters())


def load_vision(path: Path, dtype: torch.dtype, device: str) -> ClipVisionTransformer:
    """The image encoder of a single file, a file of its own or a diffusers folder."""
    part = vision_part(path)
    with torch.device("meta"):
        vision = ClipVisionTransformer(part.config)
    load_part(part, vision, dtype, device)
    return vision.eval()


def spread(table: Tensor, ids: Tensor) -> Tensor:
    """A compact token table over CLIP's whole vocabulary; row 0 stands for every other id."""
    whole = table[0].expand(VOCABULARY, -1).clone()
    used = (ids >= 0) & (ids < VOCABULARY)
    whole[ids[used]] = table[used]
    return whole


def load_text(
    path: Path, dtype: torch.dtype, device: str, tower: Tower = Tower.L
) -> ClipTextTransformer:
    """A text encoder of a single file, a file of its own or a diffusers folder."""
    part = text_part(path, tower)
    with torch.device("meta"):
        text = ClipTextTransformer(part.config)
    load_part(part, text, dtype, device)
    ids_name = part.place.prefix + TOKEN_IDS
    if ids_name in part.header.tensors:
        with WeightsReader(*part.files) as reader:
            ids = reader.read(ids_name)
        embedding = text.text_model.embeddings.token_embedding
        table = spread(embedding.weight.data, ids.to(device))
        embedding.weight = nn.Parameter(table, requires_grad=False)
        embedding.num_embeddings = len(table)
    return text.eval()


IMAGE_MEAN, IMAGE_STD = "noise_augmentor.data_mean", "noise_augmentor.data_std"


def load_image_noise(path: Path) -> tuple[Tensor, Tensor] | None:
    """Mean and deviation `[width]` of unCLIP's image embeddings, or None where a file has none."""
    names = (IMAGE_MEAN, IMAGE_STD)
    if path.is_dir():
        path = path / "image_normalizer" / "diffusion_pytorch_model.safetensors"
        names = ("mean", "std")
        if not path.is_file():
            return None
    if not set(names) <= set(read_header(path).tensors):
        return None
    with WeightsReader(path) as reader:
        mean, std = (reader.read(name).float().flatten() for name in names)
    return mean, std


def weight_count(part: Part[Any]) -> int:
    """How many weights a part of a checkpoint has, by headers alone."""
    return sum(prod(info.shape) for info in part.own().values())
