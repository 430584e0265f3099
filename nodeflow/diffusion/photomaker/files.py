"""PhotoMaker in files: which version, which sizes; headers alone are read.

The first version's file has `id_encoder.…`: CLIP's image encoder with a second projection, and the
module that fuses what it sees with the prompt. `lora_weights.…` beside it is a LoRA for the UNet,
which `LoraLoader` reads from the same file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nodeflow.diffusion.checkpoint.detect_vision import vision_config
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, read_header
from nodeflow.diffusion.checkpoint.layout import Naming, Place
from nodeflow.diffusion.checkpoint.shapes import shape
from nodeflow.diffusion.vision.config import VisionConfig

FUSER = "fuse_module.layer_norm.weight"
LORA = "lora_weights."
BUFFER = "position_ids"
"""Older files carry it; it holds nothing that was trained."""


@dataclass(frozen=True)
class PhotoMakerFile:
    """vision: sizes of its image encoder, whose projection is the first of two; second: width of
    the other. names: our parameter names to the file's. unknown: names of neither."""

    vision: VisionConfig
    second: int
    names: Mapping[str, str]
    unknown: tuple[str, ...]

    @property
    def context(self) -> int:
        """Width of the prompts that it changes: that of both projections together."""
        return (self.vision.projection or 0) + self.second


def read_photomaker(path: Path) -> PhotoMakerFile:
    """Recognise a file. Raises CheckpointError saying what was found."""
    header = read_header(path)
    prefix = prefix_of(header)
    vision = vision_config(header, Place(prefix, Naming.DIFFUSERS))
    second = shape(header, f"{prefix}visual_projection_2.weight", 2)[0]
    own = (f"{prefix}{part}" for part in ("vision_model.", "visual_projection", "fuse_module."))
    parts = tuple(own)
    names, unknown = {}, []
    for name in header.tensors:
        if name.startswith(parts) and not name.endswith(BUFFER):
            names[name.removeprefix(prefix)] = name
        elif not name.startswith(LORA) and not name.endswith(BUFFER):
            unknown.append(name)
    found = PhotoMakerFile(vision, second, names, tuple(unknown))
    width = shape(header, prefix + FUSER, 1)[0]
    if width != found.context:
        raise CheckpointError(
            f"it makes pictures {found.context:,} numbers wide, and fuses them with {width:,}"
        )
    return found


def prefix_of(header: Header) -> str:
    """What stands before the encoder's names."""
    if any("qformer_perceiver." in name for name in header.tensors):
        raise CheckpointError(
            "it is PhotoMaker 2, which takes embeddings of InsightFace's face recognition; "
            "the first version, which takes pictures alone, can be used"
        )
    for prefix in ("id_encoder.", ""):
        if prefix + FUSER in header.tensors:
            return prefix
    example = next(iter(header.tensors), "nothing at all")
    raise CheckpointError(f"it is no PhotoMaker (it holds '{example}' …)")
