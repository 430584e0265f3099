"""Results on disk, shared by processes: a SQLite index, and a file for each larger value.

Layout: `<folder>/v1/index.sqlite` (WAL) and `<folder>/v1/values/ab/<key>`. Values carry a
checksum; what does not match it is forgotten, never served. Files appear by renaming.
"""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from shutil import rmtree

LAYOUT = "v1"
INLINE_BYTES = 16_384
DEFAULT_LIMIT = 10_000_000_000
PATIENCE = 30.0
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""Primary error codes of an index that no waiting mends; a busy or full disk is neither."""

SCHEMA = """
create table if not exists results (
    key text primary key, type text not null, size integer not null, checksum blob not null,
    inline blob, seconds real not null, created real not null, used real not null
) without rowid;
create table if not exists last (
    source text not null, node text not null, key text not null, parts text not null,
    primary key (source, node)
) without rowid;
create table if not exists fingerprints (
    path text primary key, stamp text not null, digest text not null
) without rowid;
"""


def default_folder() -> Path:
    """`NODEFLOW_CACHE`, else `nodeflow` in the user's cache folder."""
    named = os.environ.get("NODEFLOW_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "nodeflow"


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored result."""

    key: str
    type: str
    data: bytes
    seconds: float
    created: float


@dataclass(frozen=True, slots=True)
class Stats:
    """How much is stored."""

    folder: str
    entries: int
    bytes: int
    seconds: float


def checksum(data: bytes) -> bytes:
    """BLAKE2b, 16 bytes."""
    return blake2b(data, digest_size=16).digest()


class DiskCache:
    """One cache folder. Methods may be called from several threads.

    limit: bytes that `trim` leaves at most. patience: seconds to wait for another process that
    holds the index. Raises sqlite3.OperationalError or OSError where the folder cannot be used;
    an index that is damaged or none at all is replaced by an empty one.
    """

    def __init__(
        self, folder: Path, limit: int = DEFAULT_LIMIT, patience: float = PATIENCE
    ) -> None:
        self.folder, self.limit, self.patience = folder / LAYOUT, limit, patience
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._index = self._open()

    def _open(self) -> sqlite3.Connection:
        path = self.folder / "index.sqlite"
        try:
            return self._connect(path)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in DAMAGED:
                raise
            for file in self.folder.glob("index.sqlite*"):
                file.unlink(missing_ok=True)
            return self._connect(path)

    def _connect(self, path: Path) -> sqlite3.Connection:
        index = sqlite3.connect(
            path, timeout=self.patience, check_same_thread=False, isolation_level=None
        )
        try:
            index.execute("pragma journal_mode=wal")
            index.execute("pragma synchronous=normal")
            index.executescript(SCHEMA)
        except BaseException:
            index.close()
            raise
        return index

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _value_path(self, key: str) -> Path:
        return self.folder / "values" / key[:2] / key

    def get(self, key: str) -> Entry | None:
        """A stored result, or None where there is none that is sound."""
        with self._lock:
            row = self._index.execute(
                "select type, checksum, inline, seconds, created from results where key = ?", (key,)
            ).fetchone()
        if row is None:
            return None
        kind, wanted, data, seconds, created = row
        if data is None:
            try:
                data = self._value_path(key).read_bytes()
            except OSError:
                data = b""
        if checksum(data) != wanted:
            self.forget(key)
            return None
        with self._lock:
            self._index.execute("update results set used = ? where key = ?", (time.time(), key))
        return Entry(key, kind, data, seconds, created)

    def has(self, key: str) -> bool:
        """Whether a result is in the index; its soundness is seen when it is read."""
        with self._lock:
            row = self._index.execute("select 1 from results where key = ?", (key,)).fetchone()
        return row is not None

    def put_all(self, entries: Iterable[tuple[str, str, bytes, float]]) -> None:
        """Store results (key, node type, bytes, seconds it took) in one transaction."""
        rows = []
        now = time.time()
        for key, kind, data, seconds in entries:
            inline: bytes | None = data
            if len(data) > INLINE_BYTES:
                inline = None
                path = self._value_path(key)
                path.parent.mkdir(parents=True, exist_ok=True)
                partial = path.with_name(f"{key}.{os.getpid()}.{threading.get_ident()}.partial")
                partial.write_bytes(data)
                partial.replace(path)
            rows.append((key, kind, len(data), checksum(data), inline, seconds, now, now))
        with self._lock:
            self._index.execute("begin immediate")
            try:
                self._index.executemany(
                    "insert or replace into results values (?, ?, ?, ?, ?, ?, ?, ?)", rows
                )
                self._index.execute("commit")
            except BaseException:
                self._index.execute("rollback")
                raise

    def forget(self, key: str) -> None:
        """Drop a result."""
        with self._lock:
            self._index.execute("delete from results where key = ?", (key,))
        self._value_path(key).unlink(missing_ok=True)

    def last_keys(self, source: str) -> dict[str, str]:
        """The key that each node of a document had when it was last run."""
        with self._lock:
            rows = self._index.execute("select node, key from last where source = ?", (source,))
            return dict(rows.fetchall())

    def last_parts(self, source: str, node: str) -> str | None:
        """The parts of that key, as JSON."""
        with self._lock:
            row = self._index.execute(
                "select parts from last where source = ? and node = ?", (source, node)
            ).fetchone()
        return None if row is None else str(row[0])

    def remember_last(self, source: str, rows: Iterable[tuple[str, str, str]]) -> None:
        """Keep (node, key, parts) of a document's run."""
        with self._lock:
            self._index.execute("begin immediate")
            self._index.executemany(
                "insert or replace into last values (?, ?, ?, ?)",
                [(source, node, key, parts) for node, key, parts in rows],
            )
            self._index.execute("commit")

    def fingerprint(self, path: str, stamp: str) -> str | None:
        """The remembered digest of a file that still has this stamp."""
        with self._lock:
            row = self._index.execute(
                "select digest from fingerprints where path = ? and stamp = ?", (path, stamp)
            ).fetchone()
        return None if row is None else str(row[0])

    def remember_fingerprint(self, path: str, stamp: str, digest: str) -> None:
        """Keep the digest of a file."""
        with self._lock:
            self._index.execute(
                "insert or replace into fingerprints values (?, ?, ?)", (path, stamp, digest)
            )

    def trim(self) -> int:
        """Drop what was used longest ago until the limit is kept; returns how many."""
        with self._lock:
            total = self._index.execute("select coalesce(sum(size), 0) from results").fetchone()[0]
            dropped = []
            if total > self.limit:
                rows = self._index.execute("select key, size from results order by used")
                for key, size in rows:
                    dropped.append(key)
                    total -= size
                    if total <= self.limit * 0.9:
                        break
        for key in dropped:
            self.forget(key)
        return len(dropped)

    def stats(self) -> Stats:
        """How much is stored, and the seconds it took to compute."""
        with self._lock:
            count, size, seconds = self._index.execute(
                "select count(*), coalesce(sum(size), 0), coalesce(sum(seconds), 0) from results"
            ).fetchone()
        return Stats(str(self.folder.parent), count, size, seconds)

    def clear(self) -> int:
        """Forget all results; returns how many there were."""
        with self._lock:
            count = int(self._index.execute("select count(*) from results").fetchone()[0])
            self._index.execute("delete from results")
            self._index.execute("delete from last")
        rmtree(self.folder / "values", ignore_errors=True)
        return count


def parts_json(parts: object) -> str:
    """Key parts as JSON for the index."""
    return json.dumps(parts, sort_keys=True)
