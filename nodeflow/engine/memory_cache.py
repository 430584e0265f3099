"""Results in memory, the least recently used dropped first once the budget is exceeded."""

from collections import OrderedDict
from dataclasses import dataclass

from nodeflow.node.artifact import Artifacts

DEFAULT_BUDGET = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Held:
    """A result with the bytes it takes and the seconds it took."""

    value: tuple[object, ...] | Artifacts
    bytes: int
    seconds: float


class MemoryCache:
    """Values by key within one process."""

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self._budget = budget
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> Held | None:
        """A result, or None."""
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
        return held

    def put(self, key: str, held: Held) -> None:
        """Keep a result, unless it alone exceeds the budget."""
        if held.bytes > self._budget:
            return
        previous = self._held.pop(key, None)
        self._bytes += held.bytes - (previous.bytes if previous else 0)
        self._held[key] = held
        while self._bytes > self._budget:
            _, dropped = self._held.popitem(last=False)
            self._bytes -= dropped.bytes

    def clear(self) -> None:
        """Drop everything."""
        self._held.clear()
        self._bytes = 0
