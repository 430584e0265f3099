"""Calls side by side on the cores of a CPU, one core each.

In a small network the threads that share each of its operations wait for each other about as long
as they work, and all wait for a core that is busy otherwise; threads that have rows of their own
meet once a call.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import torch

T = TypeVar("T")


@dataclass
class Shares:
    """Threads that compute on one core each, started when first needed."""

    _pool: ThreadPoolExecutor | None = None
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def count(self) -> int:
        """How many calls can run side by side: the threads that torch uses for an operation."""
        return torch.get_num_threads()

    def run(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """What the calls return, without gradients. The first that raises, raises here."""
        if len(calls) < 2:
            return [call() for call in calls]
        return list(self._threads(self.count).map(torch.no_grad()(_call), calls))

    def _threads(self, count: int) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None or self._count != count:
                self._pool, self._count = single_core_threads(count), count
            return self._pool


def _call(call: Callable[[], T]) -> T:
    return call()


def single_core_threads(count: int) -> ThreadPoolExecutor:
    """A pool in whose threads torch's operations use one core.

    torch keeps the number for the calling thread, and as what later threads begin with; the latter
    is put back.
    """
    met = threading.Barrier(count)

    def alone(_: int) -> None:
        torch.get_num_threads()  # takes over the common number, which would else come later
        met.wait()
        torch.set_num_threads(1)
        met.wait()

    pool = ThreadPoolExecutor(count, thread_name_prefix="share")
    common = torch.get_num_threads()
    list(pool.map(alone, range(count)))
    torch.set_num_threads(common)
    return pool
