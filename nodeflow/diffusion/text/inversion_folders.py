"""Where textual inversion files lie, and which of them a prompt names. Imports no torch."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MENTION = re.compile(r"(?<!\S)embedding:([^\s,]+)")
SUFFIXES = (".safetensors", ".sft", ".pt", ".bin")


@dataclass(frozen=True)
class Inversions:
    """Folders of textual inversion files; links that lead out of them are not followed.

    bare: names count without `embedding:` too, as in A1111.
    """

    folders: tuple[Path, ...] = ()
    bare: bool = False

    @cached_property
    def files(self) -> dict[str, Path]:
        """Name (path without suffix) to file; earlier folders win."""
        found: dict[str, Path] = {}
        for folder in self.folders:
            root = folder.resolve()
            for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
                inside = path.suffix.lower() in SUFFIXES and path.resolve().is_relative_to(root)
                if inside and path.is_file():
                    found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), path)
        return found

    def file(self, name: str) -> Path | None:
        """The file of a name, with or without its suffix, in any case."""
        suffix = next((s for s in SUFFIXES if name.lower().endswith(s)), "")
        plain = name[: len(name) - len(suffix)].replace("\\", "/").lower()
        return next((path for known, path in self.files.items() if known.lower() == plain), None)

    @cached_property
    def mention(self) -> re.Pattern[str]:
        """What stands for vectors in a text."""
        if not self.bare or not self.files:
            return MENTION
        names = "|".join(re.escape(n) for n in sorted(self.files, key=len, reverse=True))
        return re.compile(rf"{MENTION.pattern}|(?<![\w-])({names})(?![\w-])", re.IGNORECASE)

    def mentioned(self, text: str) -> list[Path]:
        """The files that a text names, those that are there, each once."""
        names = (m.group(m.lastindex or 0) for m in self.mention.finditer(text))
        return list(dict.fromkeys(path for n in names if (path := self.file(clean(n))) is not None))


NO_INVERSIONS = Inversions()


def clean(name: str) -> str:
    """A name without the signs of weights around it."""
    return name.split(":")[0].strip("()[]")


def files_for(folders: Sequence[Path], texts: Sequence[str] | None) -> list[Path]:
    """The files that texts name, with or without `embedding:`; all, where texts are not known."""
    found = Inversions(tuple(folders), bare=True)
    if texts is None:
        return list(found.files.values())
    return list(dict.fromkeys(file for text in texts for file in found.mentioned(text)))
