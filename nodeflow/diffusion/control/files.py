"""Control nets in files: which kind, which sizes, whose names; headers alone are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nodeflow.diffusion.checkpoint.detect_unet import unet_config
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, read_header
from nodeflow.diffusion.checkpoint.layout import Naming, Place, describe
from nodeflow.diffusion.checkpoint.shapes import numbered, shape
from nodeflow.diffusion.control.config import ControlNetConfig
from nodeflow.diffusion.control.t2i_files import is_adapter

FOLDER_FILES = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors")
LDM_HINT, DIFFUSERS_HINT = "input_hint_block.", "controlnet_cond_embedding."
DIFFERENCE, LORA = "difference", "lora_controlnet"


class ControlKind(StrEnum):
    """What a file's weights are."""

    WHOLE = "control net"
    DIFFERENCE = "difference to a model"
    LORA = "Control-LoRA"
    ADAPTER = "T2I adapter"


@dataclass(frozen=True)
class ControlFile:
    """config is None for a Control-LoRA, whose sizes are its model's, and for an adapter."""

    path: Path
    header: Header
    place: Place
    kind: ControlKind
    config: ControlNetConfig | None


def read_control(path: Path) -> ControlFile:
    """Recognise a file or a diffusers folder. Raises CheckpointError saying what was found."""
    if path.is_dir():
        found = next((path / name for name in FOLDER_FILES if (path / name).is_file()), None)
        if found is None:
            raise CheckpointError(f"its folder has no {FOLDER_FILES[0]}")
        path = found
    header = read_header(path)
    if is_adapter(header):
        return ControlFile(path, header, Place("", Naming.DIFFUSERS), ControlKind.ADAPTER, None)
    place = place_of(header)
    if place is None:
        raise CheckpointError(f"it is neither a control net nor a T2I adapter: {describe(header)}")
    if LORA in header.tensors:
        return ControlFile(path, header, place, ControlKind.LORA, None)
    marked = DIFFERENCE in header.tensors
    kind = ControlKind.DIFFERENCE if marked else ControlKind.WHOLE
    return ControlFile(path, header, place, kind, config_of(header, place))


def place_of(header: Header) -> Place | None:
    """Prefix and naming, by the names of the picture's convolutions."""
    for prefix in ("control_model.", ""):
        if f"{prefix}{LDM_HINT}0.weight" in header.tensors:
            return Place(prefix, Naming.LDM)
    if f"{DIFFUSERS_HINT}conv_in.weight" in header.tensors:
        return Place("", Naming.DIFFUSERS)
    return None


def config_of(header: Header, place: Place) -> ControlNetConfig:
    """All sizes."""
    unet = unet_config(header, place, encoder=True)
    return ControlNetConfig(unet, *hint_sizes(header, place), *type_sizes(header, place))


def type_sizes(header: Header, place: Place) -> tuple[int, int]:
    """Kinds of picture that a union control net knows, its transformer blocks; else 0 and 1."""
    embedding = f"{place.prefix}task_embedding"
    if embedding not in header.tensors:
        return 0, 1
    return shape(header, embedding, 2)[0], numbered(header, f"{place.prefix}transformer_layes.")


def hint_sizes(header: Header, place: Place) -> tuple[int, tuple[int, ...]]:
    """Channels of the picture, and the widths of its convolutions."""
    prefix, ldm = place.prefix, place.naming is Naming.LDM
    stem = prefix + (LDM_HINT if ldm else DIFFUSERS_HINT)
    first = shape(header, f"{stem}{'0' if ldm else 'conv_in'}.weight", 4)
    if ldm:
        last = max(number for number in range(64) if f"{stem}{number}.weight" in header.tensors)
        halving = [f"{stem}{number}.weight" for number in range(4, last, 4)]
    else:
        count = numbered(header, f"{stem}blocks.")
        halving = [f"{stem}blocks.{number}.weight" for number in range(1, count, 2)]
    return first[1], (first[0], *(shape(header, name, 4)[0] for name in halving))


def own_names(config: ControlNetConfig, place: Place) -> Mapping[str, str]:
    """Our name to the file's, with its prefix, for every weight of a control net."""
    import torch

    from nodeflow.diffusion.checkpoint.ldm_keys import encoder_key_map
    from nodeflow.diffusion.control.union import OWN, network
    from nodeflow.diffusion.unet.encoder import skip_widths

    halves = {ours: theirs for theirs, ours in encoder_key_map(config.unet).items()}
    blocks = 2 * (len(config.hint) - 1)
    stems = {
        f"{DIFFUSERS_HINT}conv_in": f"{LDM_HINT}0",
        **{f"{DIFFUSERS_HINT}blocks.{i}": f"{LDM_HINT}{2 * i + 2}" for i in range(blocks)},
        f"{DIFFUSERS_HINT}conv_out": f"{LDM_HINT}{2 * blocks + 2}",
        **{
            f"controlnet_down_blocks.{i}": f"zero_convs.{i}.0"
            for i in range(len(skip_widths(config.unet)))
        },
        "controlnet_mid_block": "middle_block_out.0",
    }
    for ours, theirs in stems.items():
        halves.update({f"{ours}.{leaf}": f"{theirs}.{leaf}" for leaf in ("weight", "bias")})
    if config.types:
        with torch.device("meta"):
            union = network(config).state_dict()
        halves |= {name: name for name in union if name.startswith(OWN)}
    if place.naming is Naming.DIFFUSERS:
        return {ours: place.prefix + ours for ours in halves}
    return {ours: place.prefix + theirs for ours, theirs in halves.items()}
