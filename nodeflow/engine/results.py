"""The results a run can use or keep: device and host memory first, then disk."""

import sqlite3
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.events import CacheTrouble
from nodeflow.engine.memory_cache import Kept, MemoryCache, Value
from nodeflow.engine.writer import Job
from nodeflow.node.artifact import Artifacts
from nodeflow.values import structured

__all__ = ["Found", "Results", "Value"]


class Found(NamedTuple):
    """Where a result lies, and since when (unix time)."""

    tier: Literal["device", "host", "disk"]
    created: float


class Results:
    """All tiers behind one face, from any thread. Trouble with the disk never stops a run.

    elsewhere: what the memory of the process holds that a dry run speaks for.
    """

    def __init__(
        self, memory: MemoryCache, disk: DiskCache | None, report: Callable[[CacheTrouble], None],
        elsewhere: Mapping[str, Kept] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self._memory, self._disk, self._report = memory, disk, report
        self._elsewhere = elsewhere
        self._warned: set[str] = set()

    def where(self, key: str) -> Found | None:
        """Where a result lies; nothing is read and no use counted."""
        held = self._memory.look(key)
        if held is not None:
            return Found(held.tier, held.created)
        kept = self._elsewhere.get(key)
        if kept is not None:
            return Found("host", kept.created)
        try:
            created = self._disk.created(key) if self._disk is not None else None
        except sqlite3.Error as error:
            self._warn(f"the disk cache cannot be read: {error}")
            return None
        return None if created is None else Found("disk", created)

    def in_memory(self, key: str) -> Value | None:
        """A result that needs no reading."""
        value = self._memory.get(key)
        if value is not None and self._disk is not None:
            self._disk.count_use(key)
        return value

    def artifacts(self, key: str) -> Artifacts | None:
        """What an output node made, or None. What is held elsewhere is known without its texts."""
        value = self.in_memory(key)
        if value is None and key in self._elsewhere:
            return Artifacts(self._elsewhere[key].files)
        value = self.read(key) if value is None else value
        return value if isinstance(value, Artifacts) else None

    def is_on_disk(self, key: str) -> bool:
        """Whether the index has it; whether it is sound is seen when it is read."""
        try:
            return self._disk is not None and self._disk.has(key)
        except sqlite3.Error as error:
            self._warn(f"the disk cache cannot be read: {error}")
            return False

    def read(self, key: str) -> Value | None:
        """A result from disk, kept in memory from now on; None where it is not sound."""
        if self._disk is None:
            return None
        try:
            entry = self._disk.get(key)
            if entry is None:
                return None
            try:
                value: Value = structured.decode(entry.data)
            except structured.CodecError:
                self._disk.forget(key)
                return None
        except (OSError, sqlite3.Error) as error:
            self._warn(f"the disk cache cannot be read: {error}")
            return None
        self._memory.put(key, entry.type, value, entry.seconds, entry.created)
        return value

    def keep(self, key: str, type: str, value: Value, seconds: float, on_disk: bool) -> None:
        """Remember a new result; the disk is written beside the run.

        A value that was changed in place before it was written does not reach the disk.
        """
        self._memory.put(key, type, value, seconds)
        if self._disk is None or not on_disk:
            return
        if not self._disk.writable:
            self._warn("results are not kept: the cache folder can only be read")
            return
        tensors = [(tensor, tensor._version) for tensor in structured.tensors(value)]

        def encode() -> bytes | None:
            data = structured.encode(value)
            return data if all(t._version == version for t, version in tensors) else None

        self._disk.writer.put(Job(key, type, structured.nbytes(value), seconds, encode))

    def forget(self, key: str) -> None:
        """Drop a result everywhere, also where it still waits to be written."""
        self._memory.forget(key)
        if self._disk is None:
            return
        try:
            self._disk.forget(key)
        except (OSError, sqlite3.Error) as error:
            self._warn(f"a result cannot be dropped from the disk cache: {error}")

    def finish(self) -> bool:
        """Wait until everything is on disk; False where something could not be kept."""
        if self._disk is None:
            return True
        self._disk.writer.finish()
        try:
            self._disk.record_uses()
        except (OSError, sqlite3.Error) as error:
            self._warn(f"the disk cache cannot be written: {error}")
        troubles = self._disk.writer.take_troubles()
        for trouble in troubles:
            self._warn(trouble)
        return self._disk.writable and not troubles

    def _warn(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            self._report(CacheTrouble(message))
