"""Files that an output node wrote, as the value it returns."""

from dataclasses import dataclass
from typing import Literal

FolderKind = Literal["output", "temp", "input"]


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A written file: POSIX path relative to its folder, its size in bytes and SHA-256 (hex)."""

    path: str
    folder: FolderKind
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What an output node made: files, and lines of text to show."""

    files: tuple[SavedFile, ...] = ()
    text: tuple[str, ...] = ()
