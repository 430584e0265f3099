"""The SQLite index of a cache folder: opened quickly, shared by processes, mended when damaged.

Readers never wait for writers (WAL, one connection for each), writers wait for one another for
short transactions. An index that is damaged is replaced by an empty one; a database that is not
ours is set aside; one of a later nodeflow is left alone.
"""

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

APPLICATION = 0x6E6F6466
"""`nodf`, SQLite's application id of our indexes."""
VERSION = 2
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)
"""Primary error codes of an index that no waiting mends; a busy or full disk is neither."""

SCHEMA = """
create table results (
    key text primary key, type text not null, size integer not null, checksum blob not null,
    file text, seconds real not null, created real not null, used real not null,
    hits integer not null, priority real not null
) without rowid;
create index by_priority on results (priority);
create table inline (key text primary key, data blob not null);
create table totals (
    entries integer not null, bytes integer not null, seconds real not null, clock real not null
);
insert into totals values (0, 0, 0, 0);
create trigger added after insert on results begin
    update totals set entries = entries + 1, bytes = bytes + new.size,
                      seconds = seconds + new.seconds;
end;
create trigger removed after delete on results begin
    update totals set entries = entries - 1, bytes = bytes - old.size,
                      seconds = seconds - old.seconds;
    delete from inline where key = old.key;
end;
create table last (
    source text not null, node text not null, key text not null, parts text not null,
    seen real not null, primary key (source, node)
) without rowid;
create table fingerprints (
    path text primary key, stamp text not null, digest text not null
) without rowid;
"""


class ForeignIndex(sqlite3.DatabaseError):
    """A sound database that is no index of ours."""


class Index:
    """Reads and short transactions on `index.sqlite`, from any thread.

    patience: seconds to wait for another process's transaction. Raises sqlite3.Error where the
    index cannot be used. `writable` is False where the folder can only be read.
    """

    def __init__(self, folder: Path, patience: float) -> None:
        self.folder, self._patience = folder, patience
        self.path = folder / "index.sqlite"
        self.writable = True
        self._reading, self._writing = threading.RLock(), threading.RLock()
        self._writer: sqlite3.Connection | None = None
        self._reader = self._open()

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """All rows of a query."""
        with self._reading:
            try:
                with legible():
                    return self._reader.execute(query, values).fetchall()
            except sqlite3.DatabaseError as error:
                if not self._damaged(error):
                    raise
                self._mend()
                return self._reader.execute(query, values).fetchall()

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in one transaction; again, once, after a damaged index was replaced."""
        if not self.writable:
            raise sqlite3.OperationalError("the cache folder can only be read")
        with self._writing:
            try:
                return self._transaction(work)
            except sqlite3.DatabaseError as error:
                if not self._damaged(error):
                    raise
            self._mend()
            return self._transaction(work)

    def close(self) -> None:
        """Close both connections."""
        with self._writing, self._reading:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._reader.close()

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._writer is None:
            self._writer = self._connection()
        connection = self._writer
        connection.execute("begin immediate")
        try:
            with legible():
                result = work(connection)
                connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        return result

    def _open(self) -> sqlite3.Connection:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not os.access(self.folder, os.W_OK) or self._protected():
            return self._read_only()
        try:
            if self.path.exists():
                return self._sound()
        except ForeignIndex:
            pass
        except sqlite3.DatabaseError as error:
            if not self._damaged(error):
                raise
        return self._replace()

    def _replace(self) -> sqlite3.Connection:
        with self._alone():
            try:
                return self._sound(thoroughly=True)
            except ForeignIndex:
                self.path.rename(self.path.with_name(f"foreign-{time.time_ns()}.sqlite"))
            except sqlite3.DatabaseError as error:
                if not self._damaged(error):
                    raise
            for file in self.folder.glob("index.sqlite*"):
                file.unlink(missing_ok=True)
            return self._create()

    def _mend(self) -> None:
        self.close()
        self._reader = self._replace()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time; the lock falls when its holder dies."""
        path = self.folder / "lock.sqlite"
        with closing(sqlite3.connect(path, self._patience, isolation_level=None)) as lock:
            lock.execute("begin exclusive")
            yield

    def _connection(self, query: str = "rw") -> sqlite3.Connection:
        made = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={query}", timeout=self._patience, uri=True,
            check_same_thread=False, isolation_level=None,
        )  # fmt: skip
        made.text_factory = lambda data: data.decode(errors="replace")  # damaged text is no crash
        try:
            with legible():
                made.execute("pragma synchronous=normal")
        except BaseException:
            made.close()
            raise
        return made

    def _sound(self, query: str = "rw", thoroughly: bool = False) -> sqlite3.Connection:
        """A connection to an index of this layout."""
        if query == "rw" and (not self.path.exists() or self.path.stat().st_size == 0):
            raise damage("there is no index")
        made = self._connection(query)
        try:
            with legible():
                self._examine(made, thoroughly)
        except BaseException:
            made.close()
            raise
        return made

    def _examine(self, made: sqlite3.Connection, thoroughly: bool) -> None:
        application = made.execute("pragma application_id").fetchone()[0]
        version = made.execute("pragma user_version").fetchone()[0]
        if application != APPLICATION:
            raise ForeignIndex("not an index of nodeflow")
        if version != VERSION:
            raise sqlite3.OperationalError(f"it has the layout of another nodeflow ({version})")
        names = {row[0] for row in made.execute("select name from sqlite_master")}
        if not {"results", "inline", "totals", "last", "fingerprints"} <= names:
            raise damage("tables are missing")
        if made.execute("select count(*) from totals").fetchone() != (1,):
            raise damage("the totals are missing")
        if thoroughly and made.execute("pragma quick_check(1)").fetchone() != ("ok",):
            raise damage("its pages are damaged")

    def _create(self) -> sqlite3.Connection:
        made = self._connection("rwc")
        made.execute("pragma auto_vacuum=incremental")
        made.execute("pragma journal_mode=wal")
        made.executescript(
            f"begin immediate; {SCHEMA} pragma application_id={APPLICATION};"
            f"pragma user_version={VERSION}; commit;"
        )
        return made

    def _protected(self) -> bool:
        return self.path.exists() and not os.access(self.path, os.W_OK)

    def _read_only(self) -> sqlite3.Connection:
        """The index as it is; where no writer is about, without the files that WAL needs."""
        self.writable = False
        if not self.path.exists():
            raise PermissionError(errno.EACCES, "the folder can only be read", str(self.folder))
        log = self.path.with_name("index.sqlite-wal")
        return self._sound("ro" if log.exists() else "ro&immutable=1")

    def _damaged(self, error: sqlite3.DatabaseError) -> bool:
        return self.writable and primary_code(error) in DAMAGED


@contextmanager
def legible() -> Iterator[None]:
    """SQLite quotes damaged bytes in its messages, which the sqlite3 module cannot decode."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise damage("its text is damaged") from error


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary error code; 0 for an error of our own or of the sqlite3 module."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def damage(message: str) -> sqlite3.DatabaseError:
    """The error of an index that has to be replaced."""
    error = sqlite3.DatabaseError(message)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
