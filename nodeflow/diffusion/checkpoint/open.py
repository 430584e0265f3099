"""Checkpoints and lone networks as recipes, from their headers alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nodeflow.diffusion.checkpoint import continuous, diffusers_folder
from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
from nodeflow.diffusion.checkpoint.layout import describe, find_layout, require_all
from nodeflow.diffusion.checkpoint.numbers import read_numbers
from nodeflow.diffusion.checkpoint.parts import (
    Part,
    text_parts,
    unet_part,
    vae_part,
    vision_part,
)
from nodeflow.diffusion.families.registry import family_named, family_of, inputs_of
from nodeflow.diffusion.recipe import (
    ClipRecipe,
    FamilyName,
    ModelRecipe,
    Prediction,
    StoredAs,
    TextSource,
    Tower,
    VaeRecipe,
    VisionRecipe,
    WeightsFile,
)
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.vae.tiny_files import is_tiny, read_tiny

V_MARKER, ZERO_SNR_MARKER = "v_pred", "ztsnr"


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """The parts of a checkpoint. `vision`: an unCLIP model's image encoder, or None."""

    model: ModelRecipe
    clip: ClipRecipe
    vae: VaeRecipe
    vision: VisionRecipe | None = None


def open_checkpoint(path: Path, fingerprint: str) -> OpenedCheckpoint:
    """Recognise a single file or a diffusers folder.

    Raises CheckpointError saying what was found instead.
    """
    source = WeightsFile(str(path), fingerprint)
    vision = None
    if not path.is_dir():
        header = read_header(path)
        layout = find_layout(header)
        require_all(layout, header)
        vision = layout.vision
    model = open_model(path, fingerprint)
    family = family_named(model.family)
    vae_part(path)
    found = text_parts(path)
    missing = [tower for tower in family.towers if tower not in found]
    if missing:
        raise CheckpointError(
            f"it is of the family {family.name} and lacks the text encoder {missing[0]}; "
            f"it has {', '.join(found) or 'none'}"
        )
    has_vision = vision is not None or (path / "image_encoder").is_dir()
    if has_vision:
        vision_part(path)
    return OpenedCheckpoint(
        model,
        ClipRecipe(family.name, tuple(TextSource(tower, source) for tower in family.towers)),
        VaeRecipe(source),
        VisionRecipe(source) if has_vision else None,
    )


def open_model(path: Path, fingerprint: str, stored_as: StoredAs = StoredAs.AS_IS) -> ModelRecipe:
    """The UNet of a checkpoint, or a file that holds nothing else. Raises CheckpointError."""
    part = unet_part(path)
    family = family_of(part.config)
    extra, labels = inputs_of(family, part.config)
    marked = set(part.header.tensors)
    prediction = family.prediction(part.config, lambda name: _values(part, name))
    scale, zero_snr = family.scale_factor, ZERO_SNR_MARKER in marked
    if V_MARKER in marked:
        prediction = Prediction.V
    if path.is_dir():
        facts = diffusers_folder.scheduler_facts(path)
        prediction = facts.prediction or prediction
        scale = facts.scale_factor or scale
        zero_snr = facts.zero_snr
    model = ModelRecipe(
        source=WeightsFile(str(path), fingerprint),
        prediction=prediction,
        scale_factor=scale,
        zero_snr=zero_snr,
        family=family.name,
        labels=labels,
        extra=extra,
        betas=family.betas,
        stored_as=stored_as,
        context_width=part.config.context_width,
    )
    if path.is_dir():
        return continuous.of_folder(model, *diffusers_folder.settings(path))
    return continuous.carried(model, lambda name: _values(part, name, ""))


def _values(part: Part[UNetConfig], name: str, prefix: str | None = None) -> list[float] | None:
    """The numbers of a small tensor that tells a model's kind; of the UNet without `prefix`."""
    found = part.place.prefix if prefix is None else prefix
    info = part.header.tensors.get(found + name)
    if info is None or len(part.files) > 1:
        return None
    return read_numbers(part.files[0], info)


def open_clip(files: Sequence[tuple[Path, str]], family: FamilyName | None = None) -> ClipRecipe:
    """Text encoders from files of their own, each with its fingerprint.

    `family` decides how prompts are read; without it, the one that has these encoders.
    Raises CheckpointError where they make no family's.
    """
    found: dict[Tower, TextSource] = {}
    for path, fingerprint in files:
        parts = text_parts(path)
        if not parts:
            header = read_header(path)
            raise CheckpointError(f"{path.name} has no text encoder: {describe(header)}")
        for tower in parts:
            found[tower] = TextSource(tower, WeightsFile(str(path), fingerprint))
    wanted = family or _family_of_towers(set(found))
    towers = family_named(wanted).towers
    missing = [tower for tower in towers if tower not in found]
    if missing:
        raise CheckpointError(
            f"{wanted} needs the text encoder {' and '.join(missing)}; given are {', '.join(found)}"
        )
    return ClipRecipe(wanted, tuple(found[tower] for tower in towers))


def _family_of_towers(towers: set[Tower]) -> FamilyName:
    if towers == {Tower.L, Tower.G}:
        return FamilyName.SDXL
    if Tower.G in towers:
        return FamilyName.REFINER
    return FamilyName.SD2 if Tower.H in towers else FamilyName.SD1


def open_vae(path: Path, fingerprint: str) -> VaeRecipe:
    """The autoencoder of a VAE file or a checkpoint, or TAESD. Raises CheckpointError."""
    if path.is_file() and is_tiny(read_header(path)):
        read_tiny([path])
        family = FamilyName.SDXL if "xl" in path.stem.lower() else FamilyName.SD1
        scale = family_named(family).scale_factor
        return VaeRecipe(WeightsFile(str(path), fingerprint), tiny_scale=scale)
    vae_part(path)
    return VaeRecipe(WeightsFile(str(path), fingerprint))


def open_tiny(
    decoder: tuple[Path, str], encoder: tuple[Path, str], family: FamilyName
) -> VaeRecipe:
    """TAESD from its two files, each with its fingerprint. Raises CheckpointError."""
    read_tiny([decoder[0], encoder[0]])
    first, second = (WeightsFile(str(path), digest) for path, digest in (decoder, encoder))
    scale = family_named(family).scale_factor
    return VaeRecipe(first, tiny_scale=scale, encoder=second)


def open_vision(path: Path, fingerprint: str) -> VisionRecipe:
    """The image encoder of a file. Raises CheckpointError."""
    vision_part(path)
    return VisionRecipe(WeightsFile(str(path), fingerprint))


def open_text(path: Path) -> None:
    """Raise CheckpointError where a file has no text encoder that can be used."""
    if not text_parts(path):
        raise CheckpointError(f"it has no text encoder: {describe(read_header(path))}")
