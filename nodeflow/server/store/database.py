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

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]
BATCH = 500
log = logging.getLogger("nodeflow.store")

SCHEMA = """
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
"""


@dataclass(frozen=True, slots=True)
class _Item:
    work: Work
    done: Callable[[Any, BaseException | None], None]


class Database:
    """`write` and `post` run in one thread in order; `read` in another, of what is committed."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._connection = self._connect()
        self._connection.executescript(SCHEMA)
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

    def now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run before anybody else uses the file: at the start only."""
        return work(self._connection)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run in a transaction; returns once it is on disk."""
        future: asyncio.Future[T] = self._loop.create_future()

        def done(value: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

        self._items.put(_Item(work, done))
        return await future

    def post(self, work: Work, then: Callable[[], None] = lambda: None) -> None:
        """Run in a transaction later; `then` is called in the loop once it is on disk."""

        def done(value: Any, error: BaseException | None) -> None:
            if error is not None:
                log.error("the store cannot be written: %s", error)
            then()

        self._items.put(_Item(work, done))

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
                self._loop.call_soon_threadsafe(_tell, pairs)

    def _together(self, batch: list[_Item]) -> list[tuple[Any, BaseException | None]] | None:
        try:
            self._connection.execute("begin immediate")
            results = [(item.work(self._connection), None) for item in batch]
            self._connection.execute("commit")
        except Exception:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            return None
        return list(results)

    def _alone(self, item: _Item) -> tuple[Any, BaseException | None]:
        for attempt in range(3):
            try:
                self._connection.execute("begin immediate")
                value = item.work(self._connection)
                self._connection.execute("commit")
            except Exception as error:
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                if attempt == 2 or not isinstance(error, sqlite3.OperationalError):
                    return None, error
                time.sleep(0.2)
            else:
                return value, None
        raise AssertionError

    async def close(self) -> None:
        """Write what is left."""
        self._items.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)
        self._readers.shutdown()
        if self._reading is not None:
            self._reading.close()
        self._connection.close()


def _tell(pairs: list[tuple[_Item, tuple[Any, BaseException | None]]]) -> None:
    for item, (value, error) in pairs:
        item.done(value, error)
