"""The results a run can use or keep: memory first, then disk."""

import sqlite3
from collections.abc import Callable

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.events import CacheTrouble
from nodeflow.engine.memory_cache import Held, MemoryCache
from nodeflow.engine.writer import Writer
from nodeflow.node.artifact import Artifacts
from nodeflow.values import structured

Value = tuple[object, ...] | Artifacts
"""A node's result: its outputs in order, or what an output node wrote."""

OVERHEAD = 256
"""Bytes that a result takes beside its tensors, about."""


class Results:
    """Both tiers behind one face. Trouble with the disk is reported and never stops a run."""

    def __init__(
        self, memory: MemoryCache, disk: DiskCache | None, report: Callable[[CacheTrouble], None]
    ) -> None:
        self._memory, self._disk, self._report = memory, disk, report
        self._writer = Writer(disk) if disk else None

    def in_memory(self, key: str) -> Value | None:
        """A result that needs no reading."""
        held = self._memory.get(key)
        return None if held is None else held.value

    def is_on_disk(self, key: str) -> bool:
        """Whether the index has it; whether it is sound is seen when it is read."""
        try:
            return self._disk is not None and self._disk.has(key)
        except sqlite3.Error as error:
            self._report(CacheTrouble(f"the disk cache cannot be read: {error}"))
            return False

    def read(self, key: str) -> Value | None:
        """A result from disk, kept in memory from now on; None where it is not sound."""
        if self._disk is None:
            return None
        try:
            entry = self._disk.get(key)
            if entry is None:
                return None
            value: Value = structured.decode(entry.data)
        except structured.CodecError:
            self._disk.forget(key)
            return None
        except (OSError, sqlite3.Error) as error:
            self._report(CacheTrouble(f"the disk cache cannot be read: {error}"))
            return None
        self._memory.put(key, Held(value, structured.nbytes(value) + OVERHEAD, entry.seconds))
        return value

    def keep(self, key: str, type: str, value: Value, seconds: float, on_disk: bool) -> None:
        """Remember a new result; the disk is written beside the run."""
        self._memory.put(key, Held(value, structured.nbytes(value) + OVERHEAD, seconds))
        if self._writer is not None and on_disk:
            self._writer.put((key, type, lambda: structured.encode(value), seconds))

    def finish(self) -> bool:
        """Wait until everything is on disk; False where something could not be kept."""
        if self._writer is None:
            return True
        self._writer.finish()
        for trouble in self._writer.trouble:
            self._report(CacheTrouble(trouble))
        return not self._writer.trouble
