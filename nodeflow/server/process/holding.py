"""What a worker's memory holds, told to the server: keys, never values."""

import threading

from nodeflow.engine.memory_cache import Held, Kept
from nodeflow.server.process.messages import Holding

LIMIT = 10_000
"""Results that a worker is known to hold at most, the newest."""


class News:
    """The changes of a memory cache since they were told; called from any of its threads."""

    def __init__(self) -> None:
        self._changed: dict[str, Kept | None] = {}
        self._lock = threading.Lock()

    def __call__(self, key: str, held: Held | None) -> None:
        """A result has come, or gone."""
        with self._lock:
            self._changed.pop(key, None)
            self._changed[key] = None if held is None else Kept.of(held)

    def take(self) -> Holding | None:
        """The changes, each told once; None where there are none."""
        with self._lock:
            changed, self._changed = self._changed, {}
        kept = {key: found for key, found in changed.items() if found is not None}
        gone = tuple(key for key, found in changed.items() if found is None)
        return Holding(kept, gone) if changed else None


def take_in(holds: dict[str, Kept], news: Holding) -> None:
    """Change what is known of a worker's memory."""
    for key in (*news.gone, *news.kept):
        holds.pop(key, None)
    holds.update(news.kept)
    while len(holds) > LIMIT:
        del holds[next(iter(holds))]
