"""Results in memory: the device tier and the host tier, each within a hard budget.

A result whose tensors lie on a device counts against the device budget. When that is exceeded
the least worthy goes to the host, and from the host it is dropped.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from nodeflow.engine.eviction import GreedyDual
from nodeflow.node.artifact import Artifacts, SavedFile
from nodeflow.values import placement
from nodeflow.values.placement import Footprint

DEFAULT_BUDGET = 2_000_000_000
DEFAULT_DEVICE_BUDGET = 1_000_000_000

Value = tuple[object, ...] | Artifacts
"""A node's result: its outputs in order, or what an output node wrote."""


@dataclass(frozen=True, slots=True)
class Held:
    """A result, the node type that made it, the seconds that took, since when, and its bytes."""

    value: Value
    type: str
    seconds: float
    created: float
    size: Footprint

    @property
    def tier(self) -> Literal["device", "host"]:
        """Where its tensors lie."""
        return "device" if self.size.device else "host"


class Kept(NamedTuple):
    """What another process is told of a result that it has not: since when it is held (unix time),
    and the files that an output node wrote."""

    created: float
    files: tuple[SavedFile, ...] = ()

    @classmethod
    def of(cls, held: Held) -> "Kept":
        """Of a result here."""
        value = held.value
        return cls(held.created, value.files if isinstance(value, Artifacts) else ())


class MemoryCache:
    """Values by key within one process; safe to call from several threads.

    budget, device_budget: bytes. footprint, to_host: how a value is measured and moved. told: is
    called with each key that comes, with its result, or goes, with None; it may not call back.
    """

    def __init__(
        self,
        budget: int = DEFAULT_BUDGET,
        device_budget: int = DEFAULT_DEVICE_BUDGET,
        footprint: Callable[[Value], Footprint] = placement.footprint,
        to_host: Callable[[Value], Value] = placement.to_host,
        told: Callable[[str, Held | None], None] = lambda key, held: None,
    ) -> None:
        self._budget, self._device_budget = budget, device_budget
        self._footprint, self._to_host, self._told = footprint, to_host, told
        self._held: dict[str, Held] = {}
        self._host, self._device = GreedyDual(), GreedyDual()
        self._lock = threading.RLock()

    def get(self, key: str) -> Value | None:
        """A result, or None."""
        with self._lock:
            held = self._held.get(key)
            if held is None:
                return None
            self._host.use(key)
            if held.size.device:
                self._device.use(key)
            return held.value

    def look(self, key: str) -> Held | None:
        """What is known of a result, without counting a use."""
        with self._lock:
            return self._held.get(key)

    def put(
        self, key: str, type: str, value: Value, seconds: float, created: float | None = None
    ) -> None:
        """Keep a result as long as the budgets and its worth allow."""
        born = time.time() if created is None else created
        with self._lock:
            self.forget(key)
            held = Held(value, type, seconds, born, self._footprint(value))
            self._enter(key, held)
            while self._device.size > self._device_budget:
                self._demote(self._device.pop())
            while self._host.size > self._budget:
                self._drop(self._host.pop())

    def forget(self, key: str) -> None:
        """Drop a result; unknown keys are no error."""
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            for key in list(self._held):
                self._drop(key)
            self._host, self._device = GreedyDual(), GreedyDual()

    def holdings(self) -> list[tuple[str, int]]:
        """Bytes on host and device by node type, the largest first."""
        totals: dict[str, int] = {}
        with self._lock:
            for held in self._held.values():
                size = held.size.host + held.size.device
                totals[held.type] = totals.get(held.type, 0) + size
        return sorted(totals.items(), key=lambda item: -item[1])

    def usage(self) -> Footprint:
        """Bytes held now."""
        with self._lock:
            return Footprint(self._host.size, self._device.size)

    def _enter(self, key: str, held: Held) -> None:
        self._held[key] = held
        self._host.add(key, held.size.host, held.seconds)
        if held.size.device:
            self._device.add(key, held.size.device, held.seconds)
        self._told(key, held)

    def _drop(self, key: str) -> None:
        if self._held.pop(key, None) is not None:
            self._told(key, None)
        self._host.remove(key)
        self._device.remove(key)

    def _demote(self, key: str) -> None:
        held = self._held[key]
        value = self._to_host(held.value)
        size = self._footprint(value)
        self._drop(key)
        if not size.device and size.host <= self._budget:
            self._enter(key, Held(value, held.type, held.seconds, held.created, size))
