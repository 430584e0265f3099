"""One SQLite file. Writes of many callers share a transaction, so that durable is cheap."""

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]
BATCH = 500
PAUSE = 0.5
"""Seconds between two tries to write what must be written."""
log = logging.getLogger("nodeflow.store")

MIGRATIONS = (
    """
create table if not exists documents (digest text primary key, body blob not null) without rowid;
create table if not exists jobs (
    number integer primary key, id text not null unique, user text not null,
    client text not null, workflow text not null, name text not null, document text not null,
    options text not null, state text not null, priority integer not null, turn real not null,
    created real not null, started real, finished real, attempts integer not null,
    report text not null
);
create index if not exists jobs_state on jobs (state);
create index if not exists jobs_user on jobs (user, number);
create table if not exists events (
    seq integer primary key, user text not null, job text, text text not null
);
create index if not exists events_job on events (job);
create table if not exists values_of (
    user text not null, kind text not null, key text not null, value text not null,
    primary key (user, kind, key)
) without rowid;
""",
    """
alter table jobs add column deaths integer not null default 0;
create index jobs_document on jobs (document);
""",
)
"""What brings a file from each version (`pragma user_version`) to the next."""


@dataclass(frozen=True, slots=True)
class _Item:
    """must: it is tried until it can be written. now: the disk has it before `done`."""

    work: Work
    done: Callable[[Any, BaseException | None], None]
    must: bool
    now: bool


class Database:
    """`write` and `post` run in one thread in order; `read` in another, of what is committed.

    Every commit outlives the process. One that holds a `write` or an urgent `post` also outlives
    a loss of power, with all before it; the others wait for the next such one. trouble: why
    nothing can be written at the moment, or empty.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._connection = self._connect()
        self._migrate()
        self.trouble = ""
        self._closing = False
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(1, "store-reader")
        self._reading: sqlite3.Connection | None = None
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    def _connect(self) -> sqlite3.Connection:
        made = sqlite3.connect(
            self._path, timeout=30, isolation_level=None, check_same_thread=False
        )
        made.execute("pragma journal_mode=wal")
        made.execute("pragma synchronous=full")
        return made

    def _migrate(self) -> None:
        version = int(self._connection.execute("pragma user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise WorkflowError([Problem(
                ProblemCode.CALL, f"{self._path} was written by a newer nodeflow",
                hint="start that one, or give this one its own folder with --data",
            )])  # fmt: skip
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            self._connection.executescript(
                f"begin; {script} pragma user_version = {number}; commit;"
            )

    def now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run before anybody else uses the file: at the start only."""
        return work(self._connection)

    async def write(
        self, work: Callable[[sqlite3.Connection], T], then: Callable[[], None] = lambda: None
    ) -> T:
        """Run in a transaction; returns once it is on disk. Raises sqlite3.Error.

        `then` is called in the order of all writes, before those who wait for this one go on.
        """
        future: asyncio.Future[T] = self._loop.create_future()

        def done(value: Any, error: BaseException | None) -> None:
            if error is None:
                then()
            if future.done():
                return
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

        self._items.put(_Item(work, done, must=False, now=True))
        return await future

    def post(
        self, work: Work, then: Callable[[], None] = lambda: None, urgent: bool = False
    ) -> None:
        """Run in a transaction later, however often that must be tried; `then` follows it."""

        def done(value: Any, error: BaseException | None) -> None:
            if error is not None:
                log.error("this could not be stored: %s", error)
            then()

        self._items.put(_Item(work, done, must=True, now=urgent))

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run on what is committed."""

        def run() -> T:
            if self._reading is None:
                self._reading = self._connect()
            return work(self._reading)

        return await self._loop.run_in_executor(self._readers, run)

    def _work(self) -> None:
        ended = False
        while not ended:
            items = [self._items.get()]
            while not self._items.empty() and len(items) < BATCH:
                items.append(self._items.get())
            ended = None in items
            batch = [item for item in items if item is not None]
            results = self._together(batch)
            if results is None:
                results = [self._alone(item) for item in batch]
            pairs = list(zip(batch, results, strict=True))
            if pairs:
                self._loop.call_soon_threadsafe(self._tell, pairs)

    def _tell(self, pairs: list[tuple[_Item, tuple[Any, BaseException | None]]]) -> None:
        """Each by itself: where one cannot take it in, the others are told all the same."""
        for item, (value, error) in pairs:
            self._loop.call_soon(item.done, value, error)

    def _together(self, batch: list[_Item]) -> list[tuple[Any, BaseException | None]] | None:
        try:
            self._begin(any(item.now for item in batch))
            results = [(item.work(self._connection), None) for item in batch]
            self._connection.execute("commit")
        except Exception:  # whatever it was, `_alone` tells it to the one whose work it is
            self._roll_back()
            return None
        return list(results)

    def _begin(self, now: bool) -> None:
        self._connection.execute(f"pragma synchronous={'full' if now else 'normal'}")
        self._connection.execute("begin immediate")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("rollback")

    def _alone(self, item: _Item) -> tuple[Any, BaseException | None]:
        while True:
            try:
                self._begin(item.now)
                value = item.work(self._connection)
                self._connection.execute("commit")
            except Exception as error:  # of a caller's work, who is told
                self._roll_back()
                if not (item.must and isinstance(error, sqlite3.OperationalError)) or self._closing:
                    return None, error
                if not self.trouble:
                    log.error("the store cannot be written: %s; it is tried again", error)
                self.trouble = str(error)
                time.sleep(PAUSE)
            else:
                self.trouble = ""
                return value, None

    async def close(self) -> None:
        """Write what is left."""
        self._closing = True
        self._items.put(None)
        await asyncio.to_thread(self._thread.join)
        for _ in range(2):  # `_tell`, and what it calls
            await asyncio.sleep(0)
        self._readers.shutdown()
        if self._reading is not None:
            self._reading.close()
        self._connection.close()
