"""Which result to give up first: GreedyDual-Size-Frequency.

Cherkasova, "Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency Caching Policy",
HP Laboratories, 1998. The priority of a result is `clock + uses * seconds / bytes`; the lowest
goes first and moves the clock up to its priority, so that what is not used any more ages.
"""

import heapq
from dataclasses import dataclass


def priority(clock: float, uses: int, seconds: float, size: int) -> float:
    """Worth of a result: seconds to make it again per byte, times its uses, above the clock."""
    return clock + uses * max(seconds, 0.0) / max(size, 1)


@dataclass(slots=True)
class _Entry:
    size: int
    seconds: float
    uses: int
    priority: float


class GreedyDual:
    """The order of eviction of one tier. A use is O(1), every other step O(log n) on average.

    The heap may hold a result at a lower priority than it has by now, which it is given when it
    comes to the top.
    """

    def __init__(self) -> None:
        self.clock = 0.0
        self.size = 0
        self._entries: dict[str, _Entry] = {}
        self._heap: list[tuple[float, str]] = []

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, key: str, size: int, seconds: float) -> None:
        """Enter a result of so many bytes that took so many seconds; an old one is replaced."""
        uses = self._entries[key].uses + 1 if key in self._entries else 1
        self.remove(key)
        self._entries[key] = entry = _Entry(size, seconds, uses, 0.0)
        self.size += size
        self._place(key, entry)

    def use(self, key: str) -> None:
        """Count a use. Its place in the order is put right when it would be its turn to go."""
        entry = self._entries[key]
        entry.uses += 1
        entry.priority = priority(self.clock, entry.uses, entry.seconds, entry.size)

    def remove(self, key: str) -> None:
        """Take a result out without moving the clock; unknown keys are no error."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry.size

    def pop(self) -> str:
        """Take out the least worthy and return it. Raises KeyError where there is none."""
        while self._heap:
            worth, key = heapq.heappop(self._heap)
            entry = self._entries.get(key)
            if entry is None:
                continue
            if entry.priority == worth:
                self.clock = worth
                self.remove(key)
                return key
            heapq.heappush(self._heap, (entry.priority, key))
        raise KeyError("nothing is left to evict")

    def _place(self, key: str, entry: _Entry) -> None:
        entry.priority = priority(self.clock, entry.uses, entry.seconds, entry.size)
        heapq.heappush(self._heap, (entry.priority, key))
        if len(self._heap) > 64 + 4 * len(self._entries):
            self._heap = [(e.priority, k) for k, e in self._entries.items()]
            heapq.heapify(self._heap)
