"""Results on disk, shared by processes: a SQLite index, and a file for each larger value.

Layout: `<folder>/v2/index.sqlite` (WAL) and `<folder>/v2/values/ab/<key>-<token>`. Values carry a
checksum; what does not match it is forgotten, never served. Files appear by renaming, each write
under a name of its own, so that deleting an old one never hits a new one.
"""

import os
import secrets
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from nodeflow.engine.amounts import cache_limit
from nodeflow.engine.eviction import priority
from nodeflow.engine.index import Index
from nodeflow.engine.writer import Writer

LAYOUT = "v2"
INLINE_BYTES = 16_384
PATIENCE = 30.0
CHUNK = 200
"""Results that one transaction drops at most, so that a run beside it never waits long."""


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
class Row:
    """A result whose file, if it needs one, is written, and which the index does not know yet."""

    key: str
    type: str
    size: int
    checksum: bytes
    file: str | None
    inline: bytes | None
    seconds: float


def checksum(data: bytes, key: str = "") -> bytes:
    """BLAKE2b, 16 bytes, of a value under its key: a value under another's key is not sound."""
    return blake2b(data, digest_size=16, key=key.encode()[:64]).digest()


class DiskCache:
    """One cache folder. Methods may be called from several threads.

    limit: bytes that `trim` leaves at most (default: `NODEFLOW_CACHE_LIMIT`, else 10 GB).
    patience: seconds to wait for another process that holds the index. Raises sqlite3.Error or
    OSError where the folder cannot be used, ValueError where the limit in the environment is none.
    """

    def __init__(self, folder: Path, limit: int | None = None, patience: float = PATIENCE) -> None:
        self.folder, self.patience = folder / LAYOUT, patience
        self.limit = cache_limit() if limit is None else limit
        self.index = Index(self.folder, patience)
        self.writer = Writer(self)
        self._uses: Counter[str] = Counter()
        self._counting = threading.Lock()

    @property
    def writable(self) -> bool:
        """Whether results can be kept here."""
        return self.index.writable

    def close(self) -> None:
        """Store what still waits and close the index."""
        self.writer.finish()
        self.index.close()

    def value_path(self, file: str) -> Path:
        """The place of a value's file."""
        return self.folder / "values" / file[:2] / file

    def get(self, key: str) -> Entry | None:
        """A stored result, or None where there is none that is sound."""
        for _ in range(2):  # a second look, where another process replaced the file meanwhile
            rows = self.index.rows(
                "select type, checksum, file, data, seconds, created from results "
                "left join inline using (key) where key = ?", (key,),
            )  # fmt: skip
            if not rows:
                return None
            kind, wanted, file, data, seconds, created = rows[0]
            if file is not None:
                try:
                    data = self.value_path(file).read_bytes()
                except (OSError, ValueError):
                    continue
            if isinstance(data, bytes) and checksum(data, key) == wanted:
                self.count_use(key)
                return Entry(key, kind, data, seconds, created)
            break
        self.drop_stored(key, wanted)
        return None

    def created(self, key: str) -> float | None:
        """When a result was stored (unix time), or None; its soundness is seen when it is read."""
        rows = self.index.rows("select created from results where key = ?", (key,))
        return float(rows[0][0]) if rows else None

    def has(self, key: str) -> bool:
        """Whether a result is in the index."""
        return self.created(key) is not None

    def put_all(self, entries: Iterable[tuple[str, str, bytes, float]]) -> None:
        """Store results (key, node type, bytes, seconds it took) in one transaction."""
        self.commit([self.prepare(*entry) for entry in entries])

    def prepare(self, key: str, type: str, data: bytes, seconds: float) -> Row:
        """Write a result's file where it is large. Raises OSError."""
        total = checksum(data, key)
        if len(data) <= INLINE_BYTES:
            return Row(key, type, len(data), total, None, data, seconds)
        file = f"{key}-{secrets.token_hex(4)}"
        path = self.value_path(file)
        partial = path.with_name(f"{file}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(data)
            partial.replace(path)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise
        return Row(key, type, len(data), total, file, None, seconds)

    def commit(self, rows: list[Row]) -> None:
        """Enter results into the index; where that fails their files are taken back."""

        def enter(index: sqlite3.Connection) -> list[str]:
            clock = float(index.execute("select clock from totals").fetchone()[0])
            old: list[str] = []
            now = time.time()
            for row in rows:
                found = index.execute("select file from results where key = ?", (row.key,))
                old += [file for (file,) in found if file is not None]
                index.execute("delete from results where key = ?", (row.key,))
                worth = priority(clock, 1, row.seconds, row.size)
                index.execute(
                    "insert into results values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
                    (row.key, row.type, row.size, row.checksum, row.file, row.seconds, now, now,
                     worth),
                )  # fmt: skip
                if row.inline is not None:
                    index.execute("insert into inline values (?, ?)", (row.key, row.inline))
            return old

        try:
            replaced = self.index.write(enter)
        except BaseException:
            self._unlink(row.file for row in rows if row.file is not None)
            raise
        self._unlink(replaced)

    def forget(self, key: str) -> None:
        """Drop a result, also one that still waits to be written."""
        self.writer.cancel(key)
        self._drop("key = ?", (key,))

    def drop_stored(self, key: str, wanted: bytes) -> bool:
        """Drop a result if it is still the one with this checksum; whether it was."""
        return self._drop("key = ? and checksum = ?", (key, wanted)) > 0

    def _drop(self, condition: str, values: tuple[object, ...]) -> int:
        if not self.writable:
            return 0

        def drop(index: sqlite3.Connection) -> list[str | None]:
            found = index.execute(f"select file from results where {condition}", values).fetchall()
            index.execute(f"delete from results where {condition}", values)
            return [file for (file,) in found]

        files = self.index.write(drop)
        self._unlink(file for file in files if file is not None)
        return len(files)

    def drop_all(self, keys: list[str]) -> int:
        """Drop many results, in short transactions; returns how many there were."""
        total = 0
        for i in range(0, len(keys), CHUNK):
            part = keys[i : i + CHUNK]
            total += self._drop(f"key in ({','.join('?' * len(part))})", tuple(part))
        return total

    def _unlink(self, files: Iterable[str]) -> None:
        for file in files:
            with suppress(OSError):
                self.value_path(file).unlink(missing_ok=True)

    def count_use(self, key: str) -> None:
        """Note a use for the eviction; it reaches the index with `record_uses`."""
        with self._counting:
            self._uses[key] += 1

    def record_uses(self) -> None:
        """Write down the uses noted so far."""
        with self._counting:
            uses, self._uses = self._uses, Counter()
        if not uses or not self.writable:
            return
        now = time.time()
        self.index.write(
            lambda index: index.executemany(
                "update results set hits = hits + ?, used = ?, "
                "priority = (select clock from totals) + (1 + hits + ?) * seconds / max(size, 1) "
                "where key = ?",
                [(count, now, count, key) for key, count in uses.items()],
            )
        )

    def trim(self, limit: int | None = None) -> int:
        """Drop the least worthy results until a limit is kept; returns how many."""
        wanted = self.limit if limit is None else limit
        total = 0
        while self.writable and self._bytes() > wanted:
            files = self.index.write(lambda index: evict(index, wanted))
            total += len(files)
            self._unlink(file for file in files if file is not None)
            if not files:
                break
        return total

    def _bytes(self) -> int:
        return int(self.index.rows("select bytes from totals")[0][0])

    def last_keys(self, source: str) -> dict[str, str]:
        """The key that each node of a document had when it was last run."""
        return dict(self.index.rows("select node, key from last where source = ?", (source,)))

    def last_parts(self, source: str, node: str) -> str | None:
        """The parts of that key, as JSON."""
        query = "select parts from last where source = ? and node = ?"
        rows = self.index.rows(query, (source, node))
        return str(rows[0][0]) if rows else None

    def remember_last(self, source: str, rows: Iterable[tuple[str, str, str]]) -> None:
        """Keep (node, key, parts) of a document's run."""
        if not self.writable:
            return
        now = time.time()
        entries = [(source, node, key, parts, now) for node, key, parts in rows]
        query = "insert or replace into last values (?, ?, ?, ?, ?)"
        self.index.write(lambda index: index.executemany(query, entries))

    def fingerprint(self, path: str, stamp: str) -> str | None:
        """The remembered digest of a file that still has this stamp."""
        query = "select digest from fingerprints where path = ? and stamp = ?"
        rows = self.index.rows(query, (path, stamp))
        return str(rows[0][0]) if rows else None

    def remember_fingerprint(self, path: str, stamp: str, digest: str) -> None:
        """Keep the digest of a file."""
        if self.writable:
            query = "insert or replace into fingerprints values (?, ?, ?)"
            self.index.write(lambda index: index.execute(query, (path, stamp, digest)))


def evict(index: sqlite3.Connection, limit: int) -> list[str | None]:
    """Drop up to CHUNK results, the least worthy first; returns their files."""
    total = int(index.execute("select bytes from totals").fetchone()[0])
    dropped, clock = [], 0.0
    query = "select key, size, file, priority from results order by priority limit ?"
    for key, size, file, worth in index.execute(query, (CHUNK,)).fetchall():
        if total <= limit:
            break
        dropped.append((key, file))
        total, clock = total - size, worth
    index.executemany("delete from results where key = ?", [(key,) for key, _ in dropped])
    index.execute("update totals set clock = max(clock, ?)", (clock,))
    index.execute("pragma incremental_vacuum(400)")
    return [file for _, file in dropped]
