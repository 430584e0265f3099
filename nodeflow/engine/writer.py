"""Writing results to disk beside the run: it never waits, and each batch is one transaction."""

import queue
import sqlite3
import threading
from collections.abc import Callable

from nodeflow.engine.disk_cache import DiskCache

Job = tuple[str, str, Callable[[], bytes], float]
"""(key, node type, encode, seconds)."""


class Writer:
    """A thread that encodes and stores. Trouble is kept for the run to report."""

    def __init__(self, disk: DiskCache) -> None:
        self._disk = disk
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.trouble: list[str] = []

    def put(self, job: Job) -> None:
        """Store a result soon."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="cache-writer", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def finish(self) -> None:
        """Wait until everything is stored."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        ended = False
        while not ended:
            batch = [self._jobs.get()]
            while not self._jobs.empty() and len(batch) < 500:
                batch.append(self._jobs.get())
            ended = None in batch
            try:
                self._disk.put_all(
                    (key, kind, encode(), seconds)
                    for key, kind, encode, seconds in (job for job in batch if job is not None)
                )
            except (OSError, sqlite3.Error) as error:
                self.trouble.append(f"results cannot be kept on disk: {error}")
            except Exception as error:
                self.trouble.append(f"a result cannot be kept on disk: {error}")
