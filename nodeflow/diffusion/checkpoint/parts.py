"""The parts of a checkpoint: their files, their names, their sizes; weights are not read.

A single file and a diffusers folder look alike from here on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from nodeflow.diffusion.checkpoint import diffusers_folder
from nodeflow.diffusion.checkpoint.detect_text import text_config
from nodeflow.diffusion.checkpoint.detect_unet import unet_config
from nodeflow.diffusion.checkpoint.detect_vae import vae_config
from nodeflow.diffusion.checkpoint.detect_vision import vision_config
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, TensorInfo, read_header
from nodeflow.diffusion.checkpoint.layout import Naming, Place, describe, find_layout
from nodeflow.diffusion.recipe import Tower
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.vae.config import VAEConfig
from nodeflow.diffusion.vision.config import VisionConfig

C = TypeVar("C", UNetConfig, VAEConfig, TextConfig, VisionConfig)
BARE = Place("", Naming.DIFFUSERS)


@dataclass(frozen=True)
class Part(Generic[C]):
    """One network in its files. `header`: of all files, with every other part's names too."""

    files: tuple[Path, ...]
    header: Header
    place: Place
    config: C

    def own(self) -> dict[str, TensorInfo]:
        """The tensors below the part's prefix."""
        prefix = self.place.prefix
        return {n: info for n, info in self.header.tensors.items() if n.startswith(prefix)}


def merged_header(files: tuple[Path, ...]) -> Header:
    """The headers of a part's shards as one. Raises CheckpointError where two share a name."""
    headers = [read_header(file) for file in files]
    tensors: dict[str, TensorInfo] = {}
    for header in headers:
        twice = tensors.keys() & header.tensors.keys()
        if twice:
            raise CheckpointError(f"two of its files hold '{min(twice)}'")
        tensors.update(header.tensors)
    return Header(tensors, headers[0].metadata)


def _missing(what: str, header: Header) -> CheckpointError:
    return CheckpointError(f"it has no {what}: {describe(header)}")


def unet_part(path: Path) -> Part[UNetConfig]:
    """The UNet of a file or folder. Raises CheckpointError."""
    if path.is_dir():
        files = diffusers_folder.part_files(path, "unet")
        header = merged_header(files)
        return Part(files, header, BARE, diffusers_folder.unet_config(path))
    header = read_header(path)
    place = find_layout(header).unet
    if place is None:
        raise _missing("UNet", header)
    return Part((path,), header, place, unet_config(header, place))


def vae_part(path: Path) -> Part[VAEConfig]:
    """The autoencoder of a file or folder. Raises CheckpointError."""
    if path.is_dir():
        files = diffusers_folder.part_files(path, "vae")
        return Part(files, merged_header(files), BARE, diffusers_folder.vae_config(path))
    header = read_header(path)
    place = find_layout(header).vae
    if place is None:
        raise _missing("VAE", header)
    return Part((path,), header, place, vae_config(header, place))


def text_parts(path: Path) -> Mapping[Tower, Part[TextConfig]]:
    """All text encoders of a file or folder, by their role. Raises CheckpointError."""
    if path.is_dir():
        found: dict[Tower, Part[TextConfig]] = {}
        for part in diffusers_folder.text_encoders(path):
            files = diffusers_folder.part_files(path, part)
            tower, config = diffusers_folder.text_config(path, part)
            found[tower] = Part(files, merged_header(files), BARE, config)
        return found
    header = read_header(path)
    return {
        tower: Part((path,), header, place, text_config(header, place, tower))
        for tower, place in find_layout(header).text.items()
    }


def text_part(path: Path, tower: Tower) -> Part[TextConfig]:
    """One text encoder. Raises CheckpointError where the file has none of this role."""
    parts = text_parts(path)
    if tower not in parts:
        has = ", ".join(parts) or "none"
        raise CheckpointError(f"it has no text encoder {tower}, but {has}")
    return parts[tower]


def vision_part(path: Path) -> Part[VisionConfig]:
    """The image encoder of a file or folder. Raises CheckpointError."""
    if path.is_dir():
        files = diffusers_folder.part_files(path, "image_encoder")
        header = merged_header(files)
        return Part(files, header, BARE, vision_config(header, BARE))
    header = read_header(path)
    place = find_layout(header).vision
    if place is None:
        raise _missing("CLIP vision model", header)
    return Part((path,), header, place, vision_config(header, place))
