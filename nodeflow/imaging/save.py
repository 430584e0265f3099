"""What output nodes write: numbered files, described as artifacts."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from torch import Tensor

from nodeflow.imaging.files import (
    WebPLook,
    expand_prefix,
    free_name,
    place_for,
    write_png,
    write_webp,
)
from nodeflow.imaging.latent_file import MARKER, TENSOR
from nodeflow.node.artifact import Artifacts, FolderKind, SavedFile


def saved_file(path: Path, root: Path, kind: FolderKind, media_type: str) -> SavedFile:
    """A written file as it is remembered."""
    content = path.read_bytes()
    name = path.resolve().relative_to(root.resolve()).as_posix()
    return SavedFile(name, kind, media_type, len(content), sha256(content).hexdigest())


def save_pictures(
    images: Tensor, root: Path, kind: FolderKind, prefix: str, metadata: Mapping[str, str]
) -> Artifacts:
    """Write `[B, H, W, 3]` as `prefix_00001_.png`, counting on from the highest there."""
    height, width = images.shape[1:3]
    folder, stem = place_for(root, expand_prefix(prefix, width, height, datetime.now()))
    files = []
    for image in images:
        with free_name(folder, stem, ".png") as path:
            write_png(path, image, metadata)
        files.append(saved_file(path, root, kind, "image/png"))
    return Artifacts(tuple(files))


def save_webp(
    images: Tensor, root: Path, prefix: str, metadata: Mapping[str, str], look: WebPLook
) -> Artifacts:
    """Write `[B, H, W, 3]` as one `prefix_00001_.webp`, counting on from the highest there."""
    height, width = images.shape[1:3]
    folder, stem = place_for(root, expand_prefix(prefix, width, height, datetime.now()))
    with free_name(folder, stem, ".webp") as path:
        write_webp(path, images, metadata, look)
    return Artifacts((saved_file(path, root, "output", "image/webp"),))


def save_latent_file(
    samples: Tensor, root: Path, prefix: str, metadata: Mapping[str, str]
) -> Artifacts:
    """Write a latent in the format of ComfyUI's `.latent` files, version 0."""
    import torch

    from nodeflow.diffusion.checkpoint.write import write_tensors

    folder, stem = place_for(root, prefix)
    tensors = {TENSOR: samples, MARKER: torch.empty(0)}
    with free_name(folder, stem, ".latent") as path:
        write_tensors(path, tensors, metadata)
    return Artifacts((saved_file(path, root, "output", "application/octet-stream"),))
