"""Preview pictures that lie beside model files, as ComfyUI's and A1111's people keep them."""

from pathlib import Path

from nodeflow.node.folders import Folders, confined

ENDINGS = tuple(
    f"{mark}.{kind}" for mark in ("", ".preview") for kind in ("png", "webp", "jpg", "jpeg")
)


def picture_beside(kind: str, path: Path, folders: Folders) -> Path | None:
    """`model.png` or `model.preview.png` of `model.safetensors`, or None; links that leave the
    folder of models are not followed."""
    folder = next((f for f in folders.model_folders(kind) if path.is_relative_to(f)), None)
    if folder is None:
        return None
    stem = path.name if path.is_dir() else path.stem
    for ending in ENDINGS:
        name = path.with_name(stem + ending).relative_to(folder).as_posix()
        found = confined(folder, name)
        if found is not None and found.is_file():
            return found
    return None
