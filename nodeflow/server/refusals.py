"""What a client is told where the system says no: a full disk, a name that cannot be."""

import errno
import sqlite3
from collections.abc import Iterable

from msgspec import json

from nodeflow.graph.nearest import nearest
from nodeflow.graph.problem import Problem, ProblemCode

Refused = tuple[int, str, str]
"""HTTP status, code, words."""
FULL: Refused = (507, "no_space", "the disk is full; make room and try again")
TAKEN: Refused = (409, "conflict", "the name is that of a folder, or lies below a file")
TOO_LONG: Refused = (400, "bad_request", "a name of a file is too long")
INTERNAL: Refused = (500, "internal", "a fault of the server; its log says more")
SYSTEM = {
    errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EFBIG: FULL,
    errno.EISDIR: TAKEN, errno.ENOTDIR: TAKEN, errno.EEXIST: TAKEN,
    errno.ENAMETOOLONG: TOO_LONG,
}  # fmt: skip
UNWRITABLE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
"""What SQLite calls a full disk: by itself, or where it cannot make its log longer."""


def refused(error: BaseException) -> Refused | None:
    """The answer to an error that is no fault of the server, or None."""
    if isinstance(error, OSError):
        return SYSTEM.get(error.errno or 0)
    return FULL if sqlite_code(error) in UNWRITABLE else None


def absent(message: str, name: str, known: Iterable[str]) -> tuple[str, bytes]:
    """Words and problems (JSON text) for a name that is not known: the nearest that are."""
    near = nearest(name[:100], known)
    problem = Problem(ProblemCode.CALL, message, nearest=near)
    return sentence(problem), json.encode([problem])


def sentence(problem: Problem) -> str:
    """A problem in one line."""
    near = " or ".join(f"'{name}'" for name in problem.nearest)
    return f"{problem.message}; did you mean {near}?" if near else problem.message


def sqlite_code(error: BaseException) -> int:
    """SQLite's primary code of an error, 0 for what SQLite itself did not say."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
