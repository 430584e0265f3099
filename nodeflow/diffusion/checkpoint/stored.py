"""Where a module's weights are in a file: their names there, and how they are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Stored:
    """A weight's name in a file.

    third: 0, 1 or 2 where it is that part of a fused q, k, v; transposed: written the other way.
    """

    name: str
    third: int | None = None
    transposed: bool = False


Names: TypeAlias = Mapping[str, Stored]
"""Our name to the file's."""
