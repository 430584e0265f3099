"""What people do with a cache folder: look, list, shrink, empty, verify.

All of it may happen while runs use the folder: every transaction is short.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Literal

from nodeflow.engine.disk_cache import CHUNK, LAYOUT, DiskCache, checksum
from nodeflow.engine.recordings import FOLDER as STEPS

GRACE = 600.0
"""Seconds for which a value's file may be there before the index knows it."""
FORGOTTEN = 90 * 86_400.0
"""Seconds after which notes about runs are dropped; losing one costs time or an explanation."""
NOTES = {"last": "seen", "digests": "at", "traces": "at"}
"""The tables of such notes, and the column that holds a row's time."""

Sort = Literal["used", "created", "size", "seconds", "hits", "type"]


@dataclass(frozen=True, slots=True)
class TypeStats:
    """What one node type has stored: results, bytes, seconds of work, reads."""

    type: str
    entries: int
    bytes: int
    seconds: float
    hits: int


@dataclass(frozen=True, slots=True)
class Stats:
    """All that is stored. oldest, newest: unix times, None where nothing is. others: the
    folders of other layouts, which are neither read nor counted."""

    folder: str
    entries: int
    bytes: int
    limit: int
    seconds: float
    hits: int
    oldest: float | None
    newest: float | None
    types: tuple[TypeStats, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """One stored result."""

    key: str
    type: str
    size: int
    seconds: float
    created: float
    used: float
    hits: int


@dataclass(frozen=True, slots=True)
class Bad:
    """A result that was not sound and is gone now."""

    key: str
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """How many results were read, which were bad, how many files belonged to none."""

    checked: int
    bad: tuple[Bad, ...]
    orphans: int


def stats(disk: DiskCache) -> Stats:
    """How much is stored, by node type, the largest first."""
    rows = disk.index.rows(
        "select type, count(*), sum(size), sum(seconds), sum(hits), min(created), max(created) "
        "from results group by type order by 3 desc"
    )
    types = tuple(TypeStats(*row[:5]) for row in rows)
    return Stats(
        folder=str(disk.folder.parent),
        entries=sum(t.entries for t in types),
        bytes=sum(t.bytes for t in types),
        limit=disk.limit,
        seconds=sum(t.seconds for t in types),
        hits=sum(t.hits for t in types),
        oldest=min((row[5] for row in rows), default=None),
        newest=max((row[6] for row in rows), default=None),
        types=types,
        others=tuple(path.name for path in other_layouts(disk)),
    )


def other_layouts(disk: DiskCache) -> list[Path]:
    """The folders that an older or a newer nodeflow keeps beside ours."""
    found = disk.folder.parent.glob("v*")
    return sorted(p for p in found if p.name[1:].isdigit() and p.is_dir() and p.name != LAYOUT)


def listing(
    disk: DiskCache,
    type: str | None = None,
    older: float = 0.0,
    larger: int = 0,
    sort: Sort = "used",
    count: int = -1,
) -> list[Listed]:
    """Results of a node type, unused for `older` seconds, of `larger` bytes or more.

    The largest, latest, most used or costliest come first; `count` of them, -1 for all.
    """
    direction = "asc" if sort == "type" else "desc"
    rows = disk.index.rows(
        "select key, type, size, seconds, created, used, hits from results "
        "where (? is null or type = ?) and used <= ? and size >= ? "
        f"order by {sort} {direction}, key limit ?",
        (type, type, time.time() - older, larger, count),
    )
    return [Listed(*row) for row in rows]


def collect(disk: DiskCache, limit: int, unused: float | None = None) -> int:
    """Drop what was not used for `unused` seconds, then the least worthy beyond `limit` bytes."""
    dropped = 0
    if unused is not None:
        old = disk.index.rows("select key from results where used < ?", (time.time() - unused,))
        dropped = disk.drop_all([key for (key,) in old])
    dropped += disk.trim(limit)
    tables = {name for (name,) in disk.index.rows("select name from sqlite_master")}
    for table in tables & NOTES.keys():
        drop_notes(disk, table, time.time() - FORGOTTEN)
    remove_orphans(disk)
    return dropped


def drop_notes(disk: DiskCache, table: str, before: float) -> None:
    """Drop a table's rows that are older."""
    query = f"delete from {table} where {NOTES[table]} < ?"
    disk.index.write(lambda index: index.execute(query, (before,)))


def clear(disk: DiskCache) -> int:
    """Forget all results, recorded steps and older layouts; returns how many results there were."""
    count = disk.drop_all([key for (key,) in disk.index.rows("select key from results")])

    def empty(index: sqlite3.Connection) -> None:
        query = "select name from sqlite_master where type = 'table'"
        for (name,) in index.execute(query).fetchall():
            if name not in ("totals", "fingerprints", "results", "inline"):
                index.execute(f'delete from "{name}"')
        index.execute("pragma incremental_vacuum")

    disk.index.write(empty)
    remove_orphans(disk)
    rmtree(disk.folder / STEPS, ignore_errors=True)
    for folder in other_layouts(disk):
        if int(folder.name[1:]) < int(LAYOUT[1:]):
            rmtree(folder, ignore_errors=True)
    return count


def verify(disk: DiskCache) -> Verified:
    """Read every result; drop those that are not sound, and files that belong to none."""
    checked, bad = 0, []
    for key, kind, wanted, file, data in every(disk):
        checked += 1
        reason = None
        if file is not None:
            try:
                data = disk.value_path(file).read_bytes()
            except (OSError, ValueError):
                reason = "its file is gone"
        if reason is None and not (isinstance(data, bytes) and checksum(data, key) == wanted):
            reason = "its checksum does not match"
        if reason is not None and disk.drop_stored(key, wanted):
            bad.append(Bad(key, kind, reason))
    return Verified(checked, tuple(bad), remove_orphans(disk))


def every(disk: DiskCache) -> Iterator[tuple[str, str, bytes, str | None, bytes | None]]:
    """Key, type, checksum, file and inline bytes of all results, some at a time."""
    after = ""
    while rows := disk.index.rows(
        "select key, type, checksum, file, data from results left join inline using (key) "
        "where key > ? order by key limit ?", (after, CHUNK),
    ):  # fmt: skip
        yield from rows
        after = rows[-1][0]


def remove_orphans(disk: DiskCache) -> int:
    """Remove values' files that no result names, left by a process that died; how many."""
    before, removed = time.time() - GRACE, 0
    for path in (disk.folder / "values").glob("??/*"):
        with suppress(OSError):
            if path.stat().st_mtime > before:
                continue
            key = path.name.split("-")[0]
            known = disk.index.rows("select file from results where key = ?", (key,))
            if known != [(path.name,)]:
                path.unlink()
                removed += 1
    return removed
