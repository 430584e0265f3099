"""Small things of a user: settings and drafts, as JSON by key."""

import sqlite3
import time
from typing import Any

from msgspec import json


def read(connection: sqlite3.Connection, user: str, kind: str, key: str) -> Any:
    """A value, or None."""
    row = connection.execute(
        "select value from values_of where user = ? and kind = ? and key = ?", (user, kind, key)
    ).fetchone()
    return None if row is None else json.decode(row[0])


def read_all(connection: sqlite3.Connection, user: str, kind: str) -> dict[str, Any]:
    """All of a kind."""
    found = connection.execute(
        "select key, value from values_of where user = ? and kind = ? order by key", (user, kind)
    ).fetchall()
    return {str(key): json.decode(value) for key, value in found}


def write(connection: sqlite3.Connection, user: str, kind: str, key: str, value: Any) -> None:
    """Keep a value; None forgets it."""
    if value is None:
        connection.execute(
            "delete from values_of where user = ? and kind = ? and key = ?", (user, kind, key)
        )
    else:
        text = json.encode(value).decode()
        connection.execute(
            "insert or replace into values_of values (?, ?, ?, ?)", (user, kind, key, text)
        )


class Stale(Exception):
    """Somebody wrote since; holds the revision that stands."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        super().__init__(str(revision))


def write_draft(
    connection: sqlite3.Connection, user: str, id: str, draft: dict[str, Any], revision: int | None
) -> dict[str, Any]:
    """Keep a draft under the next revision. Raises Stale where `revision` is not the last."""
    before = read(connection, user, "draft", id)
    stands = before["revision"] if before else 0
    if revision is not None and before is not None and revision != stands:
        raise Stale(stands)
    kept = {**draft, "id": id, "updated": time.time(), "revision": stands + 1}
    write(connection, user, "draft", id, kept)
    return kept
