"""`embedding:name` in a prompt: the vectors of a textual inversion file in place of a word."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.recipe import Tower
from nodeflow.diffusion.text.inversion import InversionError, read_inversion
from nodeflow.diffusion.text.inversion_folders import NO_INVERSIONS, Inversions, clean
from nodeflow.diffusion.text.tokenizer import END, load_tokenizer
from nodeflow.graph.nearest import nearest


@dataclass
class AddedWords:
    """A tokenizer for one encoder that gives vectors ids behind the vocabulary's."""

    tower: Tower
    width: int
    inversions: Inversions = NO_INVERSIONS
    vectors: list[Tensor] = field(default_factory=list)
    _ids: dict[Path, list[int]] = field(default_factory=dict)

    def encode(self, text: str) -> list[int]:
        """Ids of words and of vectors. An unknown name is warned of and stays text."""
        ids: list[int] = []
        done = 0
        for match in self.inversions.mention.finditer(text):
            name = match.group(match.lastindex or 0)
            path = self.inversions.file(name)
            added = warn_of_unknown(name, self.inversions) if path is None else self.ids_of(path)
            if added:
                ids += load_tokenizer().encode(text[done : match.start()]) + added
                done = match.end()
        return ids + load_tokenizer().encode(text[done:])

    def ids_of(self, path: Path) -> list[int]:
        """The ids of a file's vectors; none, with a warning, where they do not fit."""
        if path not in self._ids:
            self._ids[path] = []
            try:
                found = read_inversion(path)
                rows = found.get(self.tower.value, found.get(""))
                if rows is None or rows.shape[1] != self.width:
                    widths = ", ".join(str(t.shape[1]) for t in found.values())
                    raise InversionError(
                        f"its vectors are {widths} wide, this text encoder takes {self.width}"
                    )
            except InversionError as error:
                logging.getLogger(__name__).warning("'%s' is read as words: %s", path.name, error)
            else:
                start = END + 1 + len(self.vectors)
                self._ids[path] = list(range(start, start + len(rows)))
                self.vectors.extend(rows)
        return self._ids[path]

    def table(self) -> Tensor | None:
        """The vectors `[k, width]` in the order of their ids, or None."""
        return torch.stack(self.vectors) if self.vectors else None


def warn_of_unknown(name: str, inversions: Inversions) -> list[int]:
    """Say that a name is not there, and which come near it."""
    close = nearest(clean(name), list(inversions.files))
    hint = f"; nearest: {', '.join(close)}" if close else ""
    logging.getLogger(__name__).warning(
        "'embedding:%s' is read as words: no such file in the embeddings folders%s", name, hint
    )
    return []
