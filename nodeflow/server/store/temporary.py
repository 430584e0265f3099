"""Files of the temporary folder that this server wrote, with when each was last of use.

Only these are ever taken away: the folder may hold what is somebody's own.
"""

import sqlite3
import time
from collections.abc import Iterable

from nodeflow.server.store import values

KIND = "temporary file"
Named = tuple[str, str]
"""User, path below the user's folder."""


def note(connection: sqlite3.Connection, user: str, paths: Iterable[str]) -> None:
    """They are of use now."""
    for path in paths:
        values.write(connection, user, KIND, path, time.time())


def unused(connection: sqlite3.Connection, before: float) -> list[Named]:
    """Those that were not of use since."""
    rows = connection.execute(
        "select user, key from values_of where kind = ? and cast(value as real) < ?", (KIND, before)
    )
    return [(str(user), str(path)) for user, path in rows]


def forget(connection: sqlite3.Connection, before: float) -> None:
    """Those that were not of use since are gone."""
    connection.execute(
        "delete from values_of where kind = ? and cast(value as real) < ?", (KIND, before)
    )
