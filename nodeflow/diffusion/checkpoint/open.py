"""A checkpoint as recipes, from its header alone."""

from dataclasses import dataclass
from pathlib import Path

from nodeflow.diffusion.checkpoint import diffusers_folder
from nodeflow.diffusion.checkpoint.detect import (
    model_facts,
    supported,
    text_config,
    unet_config,
    vae_config,
)
from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
from nodeflow.diffusion.checkpoint.layout import describe, find_layout, require_all
from nodeflow.diffusion.recipe import ClipRecipe, ModelRecipe, VaeRecipe, WeightsFile


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """The three parts of a checkpoint."""

    model: ModelRecipe
    clip: ClipRecipe
    vae: VaeRecipe


def open_checkpoint(path: Path, fingerprint: str) -> OpenedCheckpoint:
    """Recognise a single file or a diffusers folder.

    Raises CheckpointError saying what was found instead.
    """
    if path.is_dir():
        return open_folder(path, fingerprint)
    header = read_header(path)
    layout = find_layout(header)
    require_all(layout, header)
    assert layout.unet is not None and layout.vae is not None and layout.text is not None
    config = unet_config(header, layout.unet)
    supported(config)
    vae_config(header, layout.vae)
    text_config(header, layout.text)
    facts = model_facts(header, config)
    source = WeightsFile(str(path), fingerprint)
    return OpenedCheckpoint(
        ModelRecipe(source, facts.prediction, facts.scale_factor, zero_snr=facts.zero_snr),
        ClipRecipe(source),
        VaeRecipe(source),
    )


def open_folder(folder: Path, fingerprint: str) -> OpenedCheckpoint:
    """A diffusers folder; its configs and file names are checked, weights are not read."""
    config = diffusers_folder.unet_config(folder)
    supported(config)
    diffusers_folder.vae_config(folder)
    diffusers_folder.text_config(folder)
    parts: tuple[diffusers_folder.Part, ...] = ("unet", "vae", "text_encoder")
    for part in parts:
        for file in diffusers_folder.part_files(folder, part):
            read_header(file)
    facts = diffusers_folder.model_facts(folder)
    source = WeightsFile(str(folder), fingerprint)
    return OpenedCheckpoint(
        ModelRecipe(source, facts.prediction, facts.scale_factor, zero_snr=facts.zero_snr),
        ClipRecipe(source),
        VaeRecipe(source),
    )


def open_vae(path: Path, fingerprint: str) -> VaeRecipe:
    """The autoencoder of a VAE file or a checkpoint. Raises CheckpointError."""
    header = read_header(path)
    prefix = find_layout(header).vae
    if prefix is None:
        raise CheckpointError(f"it has no VAE: {describe(header)}")
    vae_config(header, prefix)
    return VaeRecipe(WeightsFile(str(path), fingerprint))
