"""How large a document may be, so that reading or running one is never an attack."""

from dataclasses import dataclass
from typing import TypeGuard


@dataclass(frozen=True, slots=True)
class Limits:
    """bytes of text; values after aliases are expanded; nesting; nodes of a workflow, as written
    and after subgraphs and loops are expanded; rounds of one loop."""

    bytes: int = 16_000_000
    values: int = 1_000_000
    depth: int = 64
    nodes: int = 50_000
    rounds: int = 10_000

    def allow_rounds(self, value: object) -> TypeGuard[int]:
        """Whether a value is a possible number of rounds."""
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= self.rounds

    @property
    def possible_rounds(self) -> str:
        """What a number of rounds may be."""
        return f"a whole number from 0 to {self.rounds}"


DEFAULT = Limits()
