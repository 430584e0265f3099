"""Jobs and their documents as rows."""

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from msgspec import json

from nodeflow.server.jobs.job import Job, Options, Report
from nodeflow.server.store import values

COLUMNS = (
    "number, id, user, client, workflow, name, document, options, state, priority, turn, "
    "created, started, finished, attempts, deaths, report"
)
ENDED = "('done', 'failed', 'cancelled')"
_MARKS = ", ".join("?" * 17)


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
            job.started, job.finished, job.attempts, job.deaths, json.encode(job.report).decode(),
        ),
    )  # fmt: skip


def update(connection: sqlite3.Connection, job: Job) -> None:
    """Keep what can change."""
    connection.execute(
        "update jobs set state = ?, priority = ?, turn = ?, started = ?, finished = ?, "
        "attempts = ?, deaths = ?, report = ? where id = ?",
        (
            job.state, job.priority, job.turn, job.started, job.finished, job.attempts, job.deaths,
            json.encode(job.report).decode(), job.id,
        ),
    )  # fmt: skip


def from_row(row: Sequence[object]) -> Job:
    """A row with `COLUMNS` as a job."""
    found = list(row)
    found[7] = json.decode(str(found[7]), type=Options)
    found[16] = json.decode(str(found[16]), type=Report)
    return Job(*found)  # type: ignore[arg-type]


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


def made_with(
    connection: sqlite3.Connection, user: str, words: Sequence[str]
) -> list[Sequence[object]]:
    """(document, report) of a user's ended jobs whose document holds one of some words, which are
    in lower case; the oldest first."""
    told = " or ".join(["instr(lower(cast(body as text)), ?) > 0"] * len(words))
    return connection.execute(
        "select body, report from jobs join documents on digest = document "
        f"where user = ? and state in {ENDED} and ({told}) order by number", (user, *words),
    ).fetchall()  # fmt: skip


def last_number(connection: sqlite3.Connection) -> int:
    """The highest number that a job ever had."""
    row = connection.execute("select coalesce(max(number), 0) from jobs").fetchone()
    return max(int(row[0]), int(values.read(connection, "", "server", "number") or 0))


def delete(connection: sqlite3.Connection, ids: Iterable[str]) -> int:
    """Forget ended jobs with their events, and documents that nobody needs any more."""
    values.write(connection, "", "server", "number", last_number(connection))
    count = 0
    for id in ids:
        row = connection.execute(
            f"delete from jobs where id = ? and state in {ENDED} returning document", (id,)
        ).fetchone()
        if row is None:
            continue
        count += 1
        connection.execute("delete from events where job = ?", (id,))
        connection.execute(
            "delete from documents where digest = ? and not exists "
            "(select 1 from jobs where document = digest)", row,
        )  # fmt: skip
    return count


def trim(connection: sqlite3.Connection, jobs: int, before: float, events: int) -> None:
    """Hold the retention: so many of the jobs that ended, none that ended before, so many events.

    The events of a job go with it. `floor` then tells up to where events may be missing.
    """
    old = connection.execute(
        f"select id from jobs where state in {ENDED} and (finished < ? or number <= coalesce("
        f"(select number from jobs where state in {ENDED} order by number desc limit 1 offset ?), "
        "0))", (before, jobs),
    ).fetchall()  # fmt: skip
    ids = [str(row[0]) for row in old]
    surplus = connection.execute(
        "select seq from events order by seq desc limit 1 offset ?", (events,)
    ).fetchone()
    gone = [int(surplus[0]) if surplus else 0, floor(connection)]
    for id in ids:
        last = connection.execute("select max(seq) from events where job = ?", (id,)).fetchone()
        gone.append(int(last[0] or 0))
    if ids:
        delete(connection, ids)
    if surplus:
        connection.execute("delete from events where seq <= ?", surplus)
    if max(gone) > floor(connection):
        values.write(connection, "", "server", "floor", max(gone))


def floor(connection: sqlite3.Connection) -> int:
    """The highest number of an event that the retention has taken."""
    return int(values.read(connection, "", "server", "floor") or 0)
