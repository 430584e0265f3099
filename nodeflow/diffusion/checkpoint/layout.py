"""Which tensors of a file belong to the UNet, the autoencoder, the text and image encoders."""

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header
from nodeflow.diffusion.recipe import Tower


class Naming(StrEnum):
    """Whose names a part's weights have."""

    LDM = "ldm"
    DIFFUSERS = "diffusers"
    OPENCLIP = "openclip"


@dataclass(frozen=True, slots=True)
class Place:
    """The prefix of a part's weights in a file, and whose names follow it."""

    prefix: str
    naming: Naming


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file holds its parts; None or nothing where a part is missing."""

    unet: Place | None
    vae: Place | None
    text: dict[Tower, Place]
    vision: Place | None


UNETS = (
    ("model.diffusion_model.", Naming.LDM, "input_blocks.0.0.weight"),
    ("unet.", Naming.DIFFUSERS, "up_blocks.0.resnets.0.conv1.weight"),
)
LONE_UNETS = (
    ("", Naming.LDM, "output_blocks.0.0.in_layers.0.weight"),
    ("", Naming.DIFFUSERS, "up_blocks.0.resnets.0.conv1.weight"),
)
VAES = tuple(
    (prefix, naming, probe)
    for prefix in ("first_stage_model.", "vae.", "")
    for naming, probe in (
        (Naming.DIFFUSERS, "decoder.mid_block.resnets.0.conv1.weight"),
        (Naming.LDM, "decoder.conv_in.weight"),
    )
)
HF, OPENCLIP = "text_model.embeddings.position_embedding.weight", "positional_embedding"
BARE_HF = "embeddings.position_embedding.weight"
TEXTS = (
    ("cond_stage_model.transformer.", Naming.DIFFUSERS, HF, Tower.L),
    ("cond_stage_model.", Naming.DIFFUSERS, HF, Tower.L),
    ("cond_stage_model.transformer.", Naming.DIFFUSERS, BARE_HF, Tower.L),
    ("cond_stage_model.model.", Naming.OPENCLIP, OPENCLIP, Tower.H),
    ("conditioner.embedders.0.transformer.", Naming.DIFFUSERS, HF, Tower.L),
    ("conditioner.embedders.0.model.", Naming.OPENCLIP, OPENCLIP, Tower.G),
    ("conditioner.embedders.1.model.", Naming.OPENCLIP, OPENCLIP, Tower.G),
    ("clip_l.transformer.", Naming.DIFFUSERS, HF, Tower.L),
    ("clip_h.transformer.", Naming.DIFFUSERS, HF, Tower.H),
    ("clip_g.transformer.", Naming.DIFFUSERS, HF, Tower.G),
)
LONE_TEXTS = (
    ("", Naming.DIFFUSERS, HF),
    ("text_encoder.", Naming.DIFFUSERS, HF),
    ("", Naming.OPENCLIP, OPENCLIP),
    ("", Naming.DIFFUSERS, BARE_HF),
)
VISIONS = (
    ("embedder.model.visual.", Naming.OPENCLIP, "conv1.weight"),
    ("visual.", Naming.OPENCLIP, "conv1.weight"),
    ("", Naming.DIFFUSERS, "vision_model.embeddings.patch_embedding.weight"),
    ("clip_vision.", Naming.DIFFUSERS, "vision_model.embeddings.patch_embedding.weight"),
)


def _first(candidates: tuple[tuple[str, Naming, str], ...], names: Container[str]) -> Place | None:
    return next((Place(p, naming) for p, naming, probe in candidates if p + probe in names), None)


def tower_of(width: int) -> Tower:
    """The role of a text encoder that stands alone in its file, by its width."""
    return Tower.L if width <= 768 else Tower.H if width <= 1024 else Tower.G


def find_layout(header: Header) -> Layout:
    """Recognise the parts of a single file, or of a file with one part."""
    names = header.tensors
    text = {
        tower: Place(prefix, naming)
        for prefix, naming, probe, tower in reversed(TEXTS)
        if prefix + probe in names
    }
    if not text:
        lone = next(((p, n, probe) for p, n, probe in LONE_TEXTS if p + probe in names), None)
        if lone is not None:
            prefix, naming, probe = lone
            text = {tower_of((header.shape(prefix + probe) or (0,))[-1]): Place(prefix, naming)}
    unet = _first(UNETS, names) or _first(LONE_UNETS, names)
    return Layout(unet, _first(VAES, names), text, _first(VISIONS, names))


def describe(header: Header) -> str:
    """What a file holds, for the message that refuses it."""
    names = list(header.tensors)
    if not names:
        return "it holds no tensors"
    stems: dict[str, int] = {}
    for name in names:
        stem = ".".join(name.split(".")[:2])
        stems[stem] = stems.get(stem, 0) + 1
    common = sorted(stems, key=lambda stem: -stems[stem])[:4]
    found = ", ".join(f"{stem}.* ({stems[stem]})" for stem in common)
    held = f"it holds {len(names)} tensors: {found}"
    if any("lora_" in name or ".lora" in name for name in names):
        return f"it looks like a LoRA; {held}"
    if any(name.startswith(("control_model.", "controlnet_")) for name in names):
        return f"it looks like a ControlNet; {held}"
    return held


def require_all(layout: Layout, header: Header) -> None:
    """Raise CheckpointError where a part of a full checkpoint is missing."""
    parts = {"UNet": layout.unet, "VAE": layout.vae, "text encoder": layout.text}
    missing = [name for name, place in parts.items() if not place]
    if len(missing) == len(parts):
        raise CheckpointError(f"it is of no known family: {describe(header)}")
    if missing:
        raise CheckpointError(f"it has no {' and no '.join(missing)}: {describe(header)}")
