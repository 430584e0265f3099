"""Jobs and their events on disk; what clients are told has been written before."""

import asyncio
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from nodeflow.server.events.log import EventLog
from nodeflow.server.http.fault import Fault
from nodeflow.server.jobs.job import ENDED, Job, Wanted
from nodeflow.server.jobs.prompts import by_file
from nodeflow.server.store import history as past
from nodeflow.server.store import jobs as rows
from nodeflow.server.store import temporary, values
from nodeflow.server.store.database import Database

Told = tuple[str, dict[str, Any]]
"""An event's type and data."""
DAY = 86_400.0
HELD_BYTES = 16_000_000
"""Of documents that are held in memory besides."""
TRIM_EVERY = 100


class Retention(Struct, frozen=True):
    """What is kept: so many ended jobs, for so many days (0: for ever), so many events.

    temporary: days that files which were only shown stay after their last use; trash: days that
    what was deleted stays; 0: for ever.
    """

    jobs: int = 10_000
    days: float = 0.0
    events: int = 500_000
    temporary: float = 30.0
    trash: float = 30.0


class Archive:
    """Writes jobs and events together, in the order of the calls."""

    def __init__(self, database: Database, events: EventLog, retention: Retention) -> None:
        self._database, self._events, self._retention = database, events, retention
        self._number = database.now(rows.last_number)
        self._documents: OrderedDict[str, bytes] = OrderedDict()
        self._held = 0
        self._ends = 0
        database.now(self._trim)

    def left(self) -> list[Job]:
        """What an earlier server left unended, in its order."""
        return self._database.now(
            lambda c: rows.select(
                c, "state in ('queued', 'running', 'paused')", (), "order by turn, number"
            )
        )

    def next_number(self) -> int:
        """A number that no job had."""
        self._number += 1
        return self._number

    async def insert(self, job: Job, document: bytes, told: Told) -> bool:
        """Keep a new job: it is on disk when this returns; False where its id is taken.

        Raises Fault.
        """
        if self._database.trouble:
            raise Fault(507, "no_space", f"no job can be stored: {self._database.trouble}")
        event = self._event(job, told)

        def keep(connection: sqlite3.Connection) -> None:
            rows.insert(connection, job, document)
            self._events.keep(connection, [event])

        self._hold(job.document, document)
        try:
            await self._database.write(keep, lambda: self._events.broadcast([event]))
        except sqlite3.IntegrityError:
            return False
        except sqlite3.OperationalError as error:
            raise Fault(507, "no_space", f"the job cannot be stored: {error}") from None
        return True

    def record(
        self, subject: Job, told: Iterable[Told] = (), changed: Iterable[Job] = (),
        then: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Keep jobs that changed, and events about one, in one transaction; then tell them."""
        events = [self._event(subject, event) for event in told]
        kept = list(changed)

        def keep(connection: sqlite3.Connection) -> None:
            for job in kept:
                rows.update(connection, job)
                temporary.note(connection, job.user, shown_only(job))
            self._events.keep(connection, events)

        def done() -> None:
            self._events.broadcast(events)
            then()

        ends = any(job.state in ENDED for job in kept)
        self._database.post(keep, done, urgent=ends)
        if ends:
            self._ends += 1
            if self._ends % TRIM_EVERY == 0:
                self.trim()

    def trim(self) -> None:
        """Hold the retention now."""
        self._database.post(self._trim)

    def _event(self, job: Job, told: Told) -> tuple[int, str, str | None, bytes]:
        return self._events.make(*told, job.user, job.id, job.client)

    def _trim(self, connection: sqlite3.Connection) -> None:
        kept = self._retention
        before = time.time() - kept.days * DAY if kept.days else 0.0
        rows.trim(connection, kept.jobs, before, kept.events)

    def _hold(self, digest: str, document: bytes) -> None:
        if digest not in self._documents:
            self._documents[digest] = document
            self._held += len(document)
        while self._held > HELD_BYTES:
            self._held -= len(self._documents.popitem(last=False)[1])

    async def document(self, job: Job) -> bytes:
        """The exact document of a job. Raises Fault where it is not kept."""
        body = self._documents.get(job.document)
        if body is None:
            body = await self._database.read(lambda c: rows.document(c, job.document))
        if body is None:
            raise Fault(404, "not_found", "the document of this job is not kept any more")
        return body

    async def find(self, id: str) -> Job | None:
        """A job as it was written last."""
        found = await self._database.read(lambda c: rows.select(c, "id = ?", (id,)))
        return found[0] if found else None

    async def delete(self, ids: list[str], user: str) -> int:
        """Forget ended jobs."""
        events = [self._events.make("job.deleted", {}, user, id) for id in ids]

        def work(connection: sqlite3.Connection) -> int:
            count = rows.delete(connection, ids)
            self._events.keep(connection, events)
            return count

        return await self._database.write(work, lambda: self._events.broadcast(events))

    async def history(self, wanted: Wanted, before: int, limit: int) -> list[Job]:
        """Jobs with numbers below `before`, newest first."""
        return await self._database.read(lambda c: past.select(c, wanted, before, limit))

    async def prompts(self, user: str, words: list[str]) -> dict[str, str]:
        """Output files whose documents hold one of some words, with the texts of the documents."""
        found = await self._database.read(lambda c: rows.made_with(c, user, words))
        return await asyncio.to_thread(by_file, found)

    async def ended_ids(self, user: str, states: tuple[str, ...], before: int) -> list[str]:
        """Ids of a user's jobs with numbers below `before`."""
        marks = ", ".join("?" * len(states))
        found = await self._database.read(
            lambda c: c.execute(
                f"select id from jobs where number < ? and (? = '' or user = ?) "
                f"and state in ({marks})", (before, user, user, *states),
            ).fetchall()
        )  # fmt: skip
        return [str(row[0]) for row in found]

    def paused(self) -> bool:
        """Whether the queue was left paused."""
        return bool(self._database.now(lambda c: values.read(c, "", "server", "paused")))

    def pause(self, paused: bool) -> None:
        """Keep whether the queue is paused, and tell it."""
        event = self._events.make("queue.paused" if paused else "queue.resumed", {}, "")

        def keep(connection: sqlite3.Connection) -> None:
            values.write(connection, "", "server", "paused", paused or None)
            self._events.keep(connection, [event])

        self._database.post(keep, lambda: self._events.broadcast([event]), urgent=True)


def shown_only(job: Job) -> list[str]:
    """Files of the temporary folder that an ended job shows."""
    made = job.report.outputs.values() if job.state in ENDED else ()
    return [file.path for shown in made for file in shown.files if file.folder == "temp"]
