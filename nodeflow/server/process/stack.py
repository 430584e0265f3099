"""The stack that a dying process left among its prints, read for whose thread it was."""

import re
from collections.abc import Iterable
from pathlib import Path

PACKAGE = str(Path(__file__).parents[2])
TELLS_EXITS = str(Path(__file__).with_name("last_words.py"))
HEAD = "(most recent call first):\n"
FRAME = re.compile(r'  File "(.*)", line \d+ in ')


def stack_files(said: str) -> list[str]:
    """The files of the last stack in what a process printed, none where there is no stack."""
    _, found, after = said.rpartition(HEAD)
    files = FRAME.findall(after) if found else []
    return [file for file in files if not within(file, TELLS_EXITS)]


def own_thread(files: Iterable[str]) -> bool:
    """Whether none of our code called that: neither a node's run nor an import."""
    return not any(within(file, PACKAGE) for file in files)


def within(file: str, path: str) -> bool:
    """Whether a file is a plugin or lies in it; stacks are ASCII, with other signs escaped."""
    escaped = (text.encode("ascii", "backslashreplace").decode() for text in (file, path))
    inner, outer = escaped
    return inner == outer or inner.startswith(f"{outer}/")
