"""Which tensors of a file belong to the UNet, the autoencoder and the text encoder."""

from dataclasses import dataclass

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header

UNET = "model.diffusion_model."
VAE = "first_stage_model."
TEXT = ("cond_stage_model.transformer.", "cond_stage_model.")


@dataclass(frozen=True, slots=True)
class Layout:
    """The prefixes under which a file holds its parts; None where a part is missing."""

    unet: str | None
    vae: str | None
    text: str | None


def find_layout(header: Header) -> Layout:
    """Recognise the parts of an LDM single file, or of a file with one part."""
    names = header.tensors
    unet = UNET if f"{UNET}input_blocks.0.0.weight" in names else None
    vae = next((p for p in (VAE, "") if f"{p}decoder.conv_in.weight" in names), None)
    text = next(
        (p for p in TEXT if f"{p}text_model.embeddings.position_embedding.weight" in names), None
    )
    return Layout(unet, vae, text)


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
    guess = ""
    if any("lora_" in name or ".lora" in name for name in names):
        guess = "it looks like a LoRA; "
    elif any(name.startswith(("control_model.", "controlnet_")) for name in names):
        guess = "it looks like a ControlNet; "
    found = ", ".join(f"{stem}.* ({stems[stem]})" for stem in common)
    return f"{guess}it holds {len(names)} tensors: {found}"


def require_all(layout: Layout, header: Header) -> None:
    """Raise CheckpointError where a part of a full checkpoint is missing."""
    parts = {"UNet": layout.unet, "VAE": layout.vae, "text encoder": layout.text}
    missing = [name for name, prefix in parts.items() if prefix is None]
    if len(missing) == len(parts):
        raise CheckpointError(f"it is of no known family: {describe(header)}")
    if missing:
        raise CheckpointError(f"it has no {' and no '.join(missing)}: {describe(header)}")
