"""Recorded model answers of unfinished nodes, in files, so that a killed run goes on.

`<cache>/v1/steps/ab/<key>` holds a checksum and the bytes; files appear by renaming. They are
written in a thread, dropped once the node's result is safe, and bounded in size and age. Answers
of this process also stay in memory for a while, for runs that begin alike.
"""

import os
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from nodeflow.engine.disk_cache import checksum

FOLDER = "steps"
CHECKSUM_BYTES = 16
LIMIT = 2_000_000_000
AGE = 7 * 86_400.0
MEMORY = 256_000_000


class StepRecordings:
    """All recordings of one engine. `folder` None keeps them in memory only."""

    def __init__(
        self, folder: Path | None, limit: int = LIMIT, age: float = AGE, memory: int = MEMORY
    ) -> None:
        self._folder = folder
        self._limit, self._age, self._memory = limit, age, memory
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.asked = 0
        """Model answers that nodes wanted so far, wherever they came from."""

    def session(self, domain: str) -> "Session":
        """The recordings of one node's run, in a numerics domain."""
        return Session(self, domain)

    def get(self, key: str) -> bytes | None:
        """A sound recording, or None."""
        with self._lock:
            data = self._held.get(key)
            if data is not None:
                self._held.move_to_end(key)
                return data
        if self._folder is None:
            return None
        path = self._path(key)
        try:
            stored = path.read_bytes()
        except OSError:
            return None
        data = stored[CHECKSUM_BYTES:]
        if checksum(data) != stored[:CHECKSUM_BYTES]:
            path.unlink(missing_ok=True)
            return None
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep a recording; the file is written soon."""
        with self._lock:
            self._bytes += len(data) - len(self._held.pop(key, b""))
            self._held[key] = data
            while self._bytes > self._memory:
                self._bytes -= len(self._held.popitem(last=False)[1])
        if self._folder is not None:
            self._soon(lambda: self._write(key, data))

    def drop(self, keys: set[str]) -> None:
        """Remove files, after whatever is still to be written."""
        if self._folder is not None:
            self._soon(lambda: self._unlink(keys))

    def finish(self) -> None:
        """Wait until everything asked for so far is done."""
        if self._thread is not None:
            done = threading.Event()
            self._jobs.put(done.set)
            done.wait()

    def _unlink(self, keys: set[str]) -> None:
        for key in keys:
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / FOLDER / key[:2] / key

    def _soon(self, job: Callable[[], None]) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
                self._thread.start()
        self._jobs.put(job)

    def _work(self) -> None:
        if self._folder is not None:
            self._bound()
        while True:
            try:
                self._jobs.get()()
            except OSError:
                continue  # what cannot be kept is computed again

    def _write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{key}.{os.getpid()}.partial")
        partial.write_bytes(checksum(data) + data)
        partial.replace(path)

    def _bound(self) -> None:
        """Drop what is too old, then the oldest until the limit is kept."""
        assert self._folder is not None
        found = []
        for path in (self._folder / FOLDER).rglob("*"):
            try:
                if path.is_file():
                    stat = path.stat()
                    found.append((stat.st_mtime, stat.st_size, path))
            except OSError:
                continue
        total = sum(size for _, size, _ in found)
        for when, size, path in sorted(found):
            if total <= self._limit and when > time.time() - self._age:
                break
            path.unlink(missing_ok=True)
            total -= size


@dataclass(eq=False)
class Session:
    """What one node's run read and wrote. `reused` and `computed` count the model's answers."""

    recordings: StepRecordings
    domain: str
    reused: int = 0
    computed: int = 0
    _keys: set[str] = field(default_factory=set)

    def get(self, key: str) -> bytes | None:
        """A sound recording, or None."""
        self.recordings.asked += 1
        data = self.recordings.get(self._key(key))
        self.reused += data is not None
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep an answer."""
        self.computed += 1
        self.recordings.put(self._key(key), data)

    def release(self) -> None:
        """The node's result is safe: the files are not needed any more."""
        self.recordings.drop(self._keys)

    def said(self) -> str:
        """How many of the model's answers came from recordings, in words; empty for none."""
        total = self.reused + self.computed
        return f"{self.reused} of {total} model calls from recordings" if self.reused else ""

    def _key(self, key: str) -> str:
        own = blake2b(f"{self.domain}:{key}".encode(), digest_size=20).hexdigest()
        self._keys.add(own)
        return own
