"""Writing results to disk beside the run: no node waits, and each batch is one transaction."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodeflow.engine.disk_cache import DiskCache

BACKLOG = 512_000_000
"""Bytes of results that may wait; beyond it the least worthy are not kept, and it is said."""
BATCH = 500
LINGER = 0.02
"""Seconds in which a batch gathers: fewer transactions beside a run of many small nodes."""


@dataclass(frozen=True, slots=True)
class Job:
    """A result to store. `encode` returns its bytes, or None where it must not be kept."""

    key: str
    type: str
    size: int
    seconds: float
    encode: Callable[[], bytes | None]


class Writer:
    """A thread that encodes and stores, alive while there is work. It keeps its troubles."""

    def __init__(self, disk: "DiskCache", backlog: int = BACKLOG) -> None:
        self._disk, self._backlog = disk, backlog
        self._jobs: dict[str, Job] = {}
        self._waiting = 0
        self._active: threading.Thread | None = None
        self._hurried = False
        self._changed = threading.Condition()
        self._troubles: Counter[str] = Counter()
        self._cancelled: set[str] = set()

    def put(self, job: Job) -> None:
        """Store a result soon; never waits."""
        with self._changed:
            self._take(job.key)
            self._cancelled.discard(job.key)
            self._jobs[job.key] = job
            self._waiting += job.size
            while self._waiting > self._backlog and self._jobs:
                worst = min(self._jobs.values(), key=lambda j: j.seconds / max(j.size, 1))
                self._take(worst.key)
                self._troubles["the disk is slower than the run: results are not kept"] += 1
            if self._active is None and self._jobs:
                self._active = threading.Thread(target=self._work, name="cache-writer")
                self._active.start()

    def cancel(self, key: str) -> None:
        """Do not store a result that waits; one being stored now is waited for."""
        with self._changed:
            self._take(key)
            if self._active is not None and self._active is not threading.current_thread():
                self._cancelled.add(key)

    def finish(self, patience: float | None = None) -> bool:
        """Wait until everything is stored, at most `patience` seconds; whether it is."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: self._active is None, patience)
            self._hurried = False
            return done

    def take_troubles(self) -> list[str]:
        """What went wrong since the last call, each once, with how often."""
        with self._changed:
            found, self._troubles = self._troubles, Counter()
        return [text if n == 1 else f"{text} ({n} times)" for text, n in found.items()]

    def _take(self, key: str) -> Job | None:
        job = self._jobs.pop(key, None)
        if job is not None:
            self._waiting -= job.size
        return job

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._hurried, LINGER)
                batch = list(self._jobs.values())[:BATCH]
                for job in batch:
                    del self._jobs[job.key]  # its bytes count as waiting until it is stored
                if not batch:
                    self._active = None
                    self._cancelled.clear()
                    self._changed.notify_all()
                    return
            try:
                self._store(batch)
            finally:
                with self._changed:
                    self._waiting -= sum(job.size for job in batch)

    def _store(self, batch: list[Job]) -> None:
        rows = []
        for job in batch:
            try:
                data = job.encode()
                if data is not None and job.key not in self._cancelled:
                    rows.append(self._disk.prepare(job.key, job.type, data, job.seconds))
            except OSError as error:
                self._trouble(f"results cannot be kept on disk: {error.strerror or error}")
            except Exception as error:
                self._trouble(f"a result of {job.type} cannot be kept on disk: {error}")
        try:
            if rows:
                self._disk.commit(rows)
                self._disk.trim()
                stale = [row.key for row in rows if row.key in self._cancelled]
                self._disk.drop_all(stale)
        except Exception as error:
            self._trouble(f"results cannot be kept on disk: {error}")

    def _trouble(self, text: str) -> None:
        with self._changed:
            self._troubles[text] += 1
