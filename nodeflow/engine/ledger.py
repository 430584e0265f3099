"""The engine's notes beside the stored results: traces, costs. Losing them costs time only.

What cannot be read is not there, and a note that cannot be written is left out.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from nodeflow.engine.disk_cache import DiskCache

TABLES = (
    "create table if not exists digests (key text primary key, outputs text not null,"
    " stored text not null, at real not null) without rowid",
    "create table if not exists traces (trace text primary key, identity text not null,"
    " key text not null, at real not null) without rowid",
    "create index if not exists traces_by_identity on traces (identity)",
    "create table if not exists costs (type text not null, device text not null,"
    " seconds real not null,"
    " primary key (type, device)) without rowid",
)


class Ledger:
    """Tables in the cache's index, made when first written to. Without a cache it is empty."""

    def __init__(self, disk: DiskCache | None) -> None:
        self._disk = disk

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows that a query finds; none where the index cannot be read."""
        try:
            return self._disk.index.rows(query, values) if self._disk is not None else []
        except sqlite3.Error:
            return []

    def write(self, statements: Iterable[tuple[str, Sequence[Sequence[object]]]]) -> None:
        """(statement, rows) pairs in one transaction; nothing where that is impossible."""

        def work(connection: sqlite3.Connection) -> None:
            for table in TABLES:
                connection.execute(table)
            for statement, rows in statements:
                connection.executemany(statement, rows)

        if self._disk is None or not self._disk.writable:
            return
        try:
            self._disk.index.write(work)
        except sqlite3.Error:
            return
