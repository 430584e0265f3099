"""The folders a run may read and write, and the model files in them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from nodeflow.graph.nearest import nearest

MODEL_SUFFIXES = (".safetensors", ".sft")
PICKLED_SUFFIXES = (".ckpt", ".pt", ".pth", ".bin")
ALIASES = {"diffusion_models": ("unet",), "text_encoders": ("clip",)}
"""Older names of folders, searched after the newer ones."""
PACKAGED_MODELS = Path(__file__).parent.parent / "models"

Kind = str
"""A folder name people know: checkpoints, vae, loras, embeddings, controlnet …"""


class FileMissing(Exception):
    """No such file in the folders searched."""

    def __init__(self, name: str, searched: tuple[Path, ...], close: tuple[str, ...]) -> None:
        self.name, self.searched, self.nearest = name, searched, close
        super().__init__(f"'{name}' is not there")


@dataclass(frozen=True)
class ModelRoot:
    """Where model files lie: kind of model to folders. path: the folder that holds one of each,
    if they were found that way and may be looked up again."""

    folders: Mapping[Kind, tuple[Path, ...]]
    path: Path | None = None

    @classmethod
    def at(cls, root: Path) -> "ModelRoot":
        """A root with one folder per kind, as ComfyUI's `models` has."""
        kinds = sorted(p.name for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
        return cls({kind: (root / kind,) for kind in kinds}, root)


def model_suffixes() -> tuple[str, ...]:
    """What model files end in; pickled ones count where the environment allows them."""
    allowed = os.environ.get("NODEFLOW_PICKLED") == "allow"
    return (*MODEL_SUFFIXES, *PICKLED_SUFFIXES) if allowed else MODEL_SUFFIXES


def without_suffix(name: str) -> str:
    """A model's name as workflows may write it."""
    suffix = next((s for s in MODEL_SUFFIXES if name.lower().endswith(s)), "")
    return name.removesuffix(suffix) if suffix else name


def confined(folder: Path, name: str) -> Path | None:
    """`folder / name` with links resolved, or None where that leaves the folder."""
    if "\0" in name:
        return None
    path = (folder / name.replace("\\", "/")).resolve()
    return path if path.is_relative_to(folder.resolve()) else None


@dataclass(frozen=True)
class Folders:
    """Relative paths are below the current directory. The packaged models come last."""

    output: Path = Path("output")
    input: Path = Path("input")
    temp: Path = Path("temp")
    models: tuple[ModelRoot, ...] = ()
    packaged: bool = field(default=True)

    @cached_property
    def roots(self) -> tuple[ModelRoot, ...]:
        """All model roots in the order of search."""
        last = (ModelRoot.at(PACKAGED_MODELS),) if self.packaged else ()
        return (*self.models, *last)

    def model_folders(self, kind: Kind) -> tuple[Path, ...]:
        """The folders searched for a kind of model."""
        kinds = (kind, *ALIASES.get(kind, ()))
        return tuple(
            folder for root in self.roots for name in kinds for folder in root.folders.get(name, ())
        )

    def model_files(self, kind: Kind) -> dict[str, Path]:
        """Name (POSIX path below its folder) to file; earlier folders win."""
        found: dict[str, Path] = {}
        for folder in self.model_folders(kind):
            for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
                if path.suffix.lower() in model_suffixes() and path.is_file():
                    found.setdefault(path.relative_to(folder).as_posix(), path)
                elif path.name == "model_index.json":
                    found.setdefault(path.parent.relative_to(folder).as_posix(), path.parent)
        return found

    def find_model(self, kind: Kind, name: str) -> Path:
        """The file of a model, named with or without its suffix. Raises FileMissing."""
        folders = self.model_folders(kind)
        for folder in folders:
            for candidate in (name, *(name + suffix for suffix in MODEL_SUFFIXES)):
                path = confined(folder, candidate)
                if (
                    path is not None
                    and name
                    and (path.is_file() or (path / "model_index.json").is_file())
                ):
                    return path
        stems = [without_suffix(file) for file in self.model_files(kind)]
        raise FileMissing(name, folders, nearest(without_suffix(name), stems))

    def input_files(self) -> list[str]:
        """Names of the files in the input folder."""
        folder = self.input
        if not folder.is_dir():
            return []
        return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())

    def find_input(self, name: str) -> Path:
        """A file of the input folder (`name [output]` looks in the output folder)."""
        folder = self.input
        for suffix, other in ((" [output]", self.output), (" [temp]", self.temp)):
            if name.endswith(suffix):
                name, folder = name.removesuffix(suffix), other
        path = confined(folder, name.removesuffix(" [input]"))
        if path is not None and path.is_file():
            return path
        raise FileMissing(name, (folder,), nearest(name, self.input_files()))
