"""Wildcard files: one choice a line, `#` for remarks, in folders that may hold folders."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from nodeflow.diffusion.prompting.dynamic import WildcardMissing
from nodeflow.graph.nearest import nearest

LARGEST = 20_000_000


@dataclass(frozen=True)
class WildcardFolders:
    """Folders searched in order; links that lead out of them are not followed."""

    folders: tuple[Path, ...]

    @cached_property
    def files(self) -> dict[str, Path]:
        """Name (path without `.txt`) to file; earlier folders win."""
        found: dict[str, Path] = {}
        for folder in self.folders:
            root = folder.resolve()
            for path in sorted(folder.rglob("*.txt")) if folder.is_dir() else []:
                if path.is_file() and path.resolve().is_relative_to(root):
                    found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), path)
        return found

    def lines(self, name: str) -> Sequence[str]:
        """The choices of a wildcard. Raises WildcardMissing, also where the file is empty."""
        names = [known for known in self.files if fnmatchcase(known, name)]
        if not names:
            close = nearest(name, list(self.files))
            message = f"there is no wildcard file '{name}.txt'"
            near = f"{message}; nearest: {', '.join(close)}"
            raise WildcardMissing(near if close else message)
        found = [line for known in names for line in read_lines(self.files[known])]
        if not found:
            raise WildcardMissing(f"the wildcard file '{name}.txt' has no line to choose")
        return found


def read_lines(path: Path) -> list[str]:
    """The lines of a file that are not empty and no remark. Raises WildcardMissing."""
    if path.stat().st_size > LARGEST:
        raise WildcardMissing(f"the wildcard file '{path.name}' is larger than {LARGEST} bytes")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
