"""How long a node has still to go, from how long its last steps took."""

import time
from collections import deque
from dataclasses import dataclass, field

STEPS = 6
"""Reports that count: what went before (loading, steps that were recorded) says nothing."""


@dataclass
class Pace:
    """The last reports of one node's progress."""

    _marks: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=STEPS))

    def left(self, step: int, total: int, now: float | None = None) -> float | None:
        """Seconds until `total` where `step` is done at `now`; None at the first report."""
        at = time.monotonic() if now is None else now
        if self._marks and step <= self._marks[-1][0]:
            self._marks.clear()
        self._marks.append((step, at))
        first, since = self._marks[0]
        return (at - since) / (step - first) * (total - step) if step > first else None
