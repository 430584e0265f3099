"""Jobs and their documents as rows."""

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from msgspec import json

from nodeflow.server.jobs.job import Job, Options, Report

COLUMNS = (
    "number, id, user, client, workflow, name, document, options, state, priority, turn, "
    "created, started, finished, attempts, report"
)
_MARKS = ", ".join("?" * 16)


def digest_of(document: bytes) -> str:
    """Under which a document is kept once."""
    return blake2b(document, digest_size=16).hexdigest()


def insert(connection: sqlite3.Connection, job: Job, document: bytes) -> None:
    """Keep a new job and its document."""
    connection.execute("insert or ignore into documents values (?, ?)", (job.document, document))
    connection.execute(
        f"insert into jobs ({COLUMNS}) values ({_MARKS})",
        (
            job.number, job.id, job.user, job.client, job.workflow, job.name, job.document,
            json.encode(job.options).decode(), job.state, job.priority, job.turn, job.created,
            job.started, job.finished, job.attempts, json.encode(job.report).decode(),
        ),
    )  # fmt: skip


def update(connection: sqlite3.Connection, job: Job) -> None:
    """Keep what can change."""
    connection.execute(
        "update jobs set state = ?, priority = ?, turn = ?, started = ?, finished = ?, "
        "attempts = ?, report = ? where id = ?",
        (
            job.state, job.priority, job.turn, job.started, job.finished, job.attempts,
            json.encode(job.report).decode(), job.id,
        ),
    )  # fmt: skip


def from_row(row: Sequence[object]) -> Job:
    """A row with `COLUMNS` as a job."""
    values = list(row)
    values[7] = json.decode(str(values[7]), type=Options)
    values[15] = json.decode(str(values[15]), type=Report)
    return Job(*values)  # type: ignore[arg-type]


def select(
    connection: sqlite3.Connection, where: str, arguments: Iterable[object] = (), tail: str = ""
) -> list[Job]:
    """Jobs by a condition on columns; the condition is ours, its arguments may be anybody's."""
    rows = connection.execute(
        f"select {COLUMNS} from jobs where {where} {tail}", tuple(arguments)
    ).fetchall()
    return [from_row(row) for row in rows]


def document(connection: sqlite3.Connection, digest: str) -> bytes | None:
    """A document by its digest."""
    row = connection.execute("select body from documents where digest = ?", (digest,)).fetchone()
    return None if row is None else bytes(row[0])


def delete(connection: sqlite3.Connection, ids: Iterable[str]) -> int:
    """Forget ended jobs with their events, and documents that nobody needs any more."""
    count = 0
    for id in ids:
        count += connection.execute(
            "delete from jobs where id = ? and state in ('done', 'failed', 'cancelled')", (id,)
        ).rowcount
    connection.execute("delete from documents where digest not in (select document from jobs)")
    return count


def trim(connection: sqlite3.Connection, keep_jobs: int, keep_events: int) -> None:
    """Hold the retention: at most so many ended jobs and events."""
    connection.execute(
        "delete from jobs where state in ('done', 'failed', 'cancelled') and number <= "
        "(select coalesce(max(number), 0) from jobs) - ?", (keep_jobs,),
    )  # fmt: skip
    connection.execute("delete from documents where digest not in (select document from jobs)")
    connection.execute(
        "delete from events where seq <= (select coalesce(max(seq), 0) from events) - ?",
        (keep_events,),
    )
