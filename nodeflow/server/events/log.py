"""The event log: every durable event has a number, is committed first and sent then."""

import sqlite3
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from msgspec import json

from nodeflow.server.store import jobs as rows
from nodeflow.server.store.database import Database

BACKLOG = 5000
"""Durable events that a listener may be behind before it is cut off, to resume later."""
SINGLE_USER = ""
MARGIN = 10_000
"""Numbers that a start leaves out, so that none is given twice where a loss of power took some."""


class Listener:
    """What one connection has still to be sent: durable events in order, newest progress."""

    def __init__(self, user: str, wake: Callable[[], None], previews: bool) -> None:
        self.user, self.previews = user, previews
        self._wake = wake
        self.durable: deque[tuple[int, bytes]] = deque()
        self.passing: OrderedDict[str, bytes] = OrderedDict()
        self.pictures: OrderedDict[str, bytes] = OrderedDict()
        self.lost = False

    def add(self, seq: int, text: bytes) -> None:
        """A durable event."""
        if len(self.durable) >= BACKLOG:
            self.lost = True
        else:
            self.durable.append((seq, text))
        self._wake()

    def add_passing(self, key: str, text: bytes) -> None:
        """An event that the next of its kind replaces where the listener is slow."""
        self.passing[key] = text
        if len(self.passing) > 100:
            self.passing.popitem(last=False)
        self._wake()

    def add_picture(self, key: str, data: bytes) -> None:
        """A preview; only the newest of each node waits."""
        if self.previews:
            self.pictures[key] = data
            if len(self.pictures) > 4:
                self.pictures.popitem(last=False)
            self._wake()


class EventLog:
    """Numbers, stores and broadcasts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        row = database.now(
            lambda c: c.execute("select coalesce(max(seq), 0) from events").fetchone()
        )
        self._next = int(row[0]) + MARGIN if row[0] else 1
        self.sent = int(row[0])
        self.listeners: set[Listener] = set()

    def make(
        self, type: str, data: dict[str, Any], user: str, job: str | None = None,
        client: str | None = None,
    ) -> tuple[int, str, str | None, bytes]:  # fmt: skip
        """A durable event (number, user, job, JSON) that `keep` stores."""
        seq = self._next
        self._next += 1
        text = json.encode(
            {"seq": seq, "at": time.time(), "type": type, "job": job, "client": client,
             "data": data}
        )  # fmt: skip
        return seq, user, job, text

    @staticmethod
    def keep(
        connection: sqlite3.Connection, events: list[tuple[int, str, str | None, bytes]]
    ) -> None:
        """Store events, within a transaction of the caller."""
        connection.executemany(
            "insert into events values (?, ?, ?, ?)",
            [(seq, user, job, text.decode()) for seq, user, job, text in events],
        )

    def broadcast(self, events: list[tuple[int, str, str | None, bytes]]) -> None:
        """Send what is on disk now."""
        for seq, user, _, text in events:
            self.sent = max(self.sent, seq)
            for listener in self.listeners:
                if listener.user in (SINGLE_USER, user) or not user:
                    listener.add(seq, text)

    def publish(self, type: str, data: dict[str, Any], user: str = SINGLE_USER) -> None:
        """Make, store and send an event that belongs to no job."""
        events = [self.make(type, data, user)]
        self._database.post(lambda c: self.keep(c, events), lambda: self.broadcast(events))

    def pass_on(self, type: str, data: dict[str, Any], user: str, job: str, client: str) -> None:
        """Send an event that nobody needs to keep."""
        text = json.encode({"type": type, "job": job, "client": client, "data": data})
        for listener in self.listeners:
            if listener.user in (SINGLE_USER, user):
                listener.add_passing(f"{type}:{job}:{data.get('node')}", text)

    def show(self, picture: bytes, head: dict[str, Any], user: str) -> None:
        """Send a preview."""
        text = json.encode(head)
        data = bytes((1, 1)) + len(text).to_bytes(2, "big") + text + picture
        for listener in self.listeners:
            if listener.user in (SINGLE_USER, user):
                listener.add_picture(f"{head['job']}:{head['node']}", data)

    async def since(self, seq: int, until: int, user: str, limit: int) -> list[tuple[int, bytes]]:
        """Stored events after `seq` up to `until`, oldest first."""
        rows = await self._database.read(
            lambda c: c.execute(
                "select seq, text from events where seq > ? and seq <= ? "
                "and (? = '' or user = '' or user = ?) order by seq limit ?",
                (seq, until, user, user, limit),
            ).fetchall()
        )
        return [(int(number), str(text).encode()) for number, text in rows]

    async def oldest(self) -> int:
        """The first number from which on none is missing."""
        return await self._database.read(rows.floor) + 1

    async def of_job(self, job: str) -> list[bytes]:
        """A job's events."""
        rows = await self._database.read(
            lambda c: c.execute(
                "select text from events where job = ? order by seq", (job,)
            ).fetchall()
        )
        return [str(row[0]).encode() for row in rows]
