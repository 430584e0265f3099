"""`cache stats|ls|gc|clear|verify`: what is kept on disk."""

import argparse
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from nodeflow.cli.main import DONE, WRONG, Parser
from nodeflow.engine import upkeep
from nodeflow.engine.amounts import age_text, parse_age, parse_size, size_text
from nodeflow.engine.disk_cache import DiskCache, default_folder

T = TypeVar("T")
SORTS = ("used", "created", "size", "seconds", "hits", "type")
PLACES = "the folder is NODEFLOW_CACHE, its size limit NODEFLOW_CACHE_LIMIT (such as 20GB)"


def parser() -> argparse.ArgumentParser:
    """The actions and their options."""
    made = Parser(prog="python -m nodeflow cache", description="What is kept on disk.",
                  epilog=PLACES)  # fmt: skip
    actions = made.add_subparsers(dest="action", required=True, metavar="ACTION")
    shared = Parser(add_help=False)
    shared.add_argument("--cache-dir", metavar="DIR", type=Path, help="another cache folder")
    shared.add_argument("--json", action="store_true", help="the answer as one JSON value")

    def action(name: str, about: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=about, description=about, parents=[shared])

    action("stats", "how much is stored, by node type")
    listing = action("ls", "list results, the last used first")
    listing.add_argument("--type", help="only those of a node type")
    listing.add_argument("--older", metavar="AGE", type=read(parse_age), default=0.0,
                         help="only those not used for so long, such as 12h or 30d")  # fmt: skip
    listing.add_argument("--larger", metavar="SIZE", type=read(parse_size), default=0,
                         help="only those of that size or more, such as 5MB")  # fmt: skip
    listing.add_argument("--sort", choices=SORTS, default="used")
    listing.add_argument("-n", metavar="COUNT", type=int, default=-1, dest="count",
                         help="only so many")  # fmt: skip
    gc = action("gc", "drop results until the limit is kept, the least worthy first")
    gc.add_argument("--limit", metavar="SIZE", type=read(parse_size),
                    help="what may stay, such as 2GB (default: the folder's limit)")  # fmt: skip
    gc.add_argument("--unused", metavar="AGE", type=read(parse_age),
                    help="also drop what was not used for so long, such as 30d")  # fmt: skip
    action("clear", "forget everything")
    action("verify", "read every result and drop those that are damaged")
    return made


def read(parse: Callable[[str], T]) -> Callable[[str], T]:
    """A parser of option values whose own message is shown."""

    def parsed(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


def command(argv: Sequence[str]) -> int:
    """Do one action on a cache folder."""
    arguments = parser().parse_args(argv)
    folder = arguments.cache_dir or default_folder()
    try:
        with closing(DiskCache(folder)) as disk:
            data, text = ACTIONS[arguments.action](disk, arguments)
    except (OSError, sqlite3.Error, ValueError) as error:
        print(f"error: the cache in {folder} cannot be used: {error}", file=sys.stderr)
        return WRONG
    print(json.dumps(data) if arguments.json else text)
    return DONE


Answer = tuple[object, str]
"""For programs and for people."""


def stats(disk: DiskCache, arguments: argparse.Namespace) -> Answer:
    """How much is stored."""
    found = upkeep.stats(disk)
    lines = [f"{found.folder}: {found.entries} results, {size_text(found.bytes)} of "
             f"{size_text(found.limit)}, {found.seconds:.1f} s of work, "
             f"read {found.hits} times"]  # fmt: skip
    if found.oldest is not None and found.newest is not None:
        now = time.time()
        oldest, newest = age_text(now - found.oldest), age_text(now - found.newest)
        lines.append(f"stored {oldest} to {newest} ago")
    lines += [
        f"  {t.type:<28} {t.entries:>7} {size_text(t.bytes):>10} {t.seconds:>9.1f} s "
        f"{t.hits:>7} reads"
        for t in found.types
    ]
    lines += [f"{name}: kept by another version of nodeflow" for name in found.others]
    return asdict(found), "\n".join(lines)


def ls(disk: DiskCache, arguments: argparse.Namespace) -> Answer:
    """A line for each result."""
    found = upkeep.listing(
        disk, arguments.type, arguments.older, arguments.larger, arguments.sort, arguments.count
    )
    now = time.time()
    lines = [
        f"{e.key[:12]}  {e.type:<28} {size_text(e.size):>10} {e.seconds:>9.2f} s "
        f"{e.hits:>5} reads, {age_text(now - e.created)} old, used {age_text(now - e.used)} ago"
        for e in found
    ]
    return [asdict(e) for e in found], "\n".join(lines) or "nothing is stored that fits"


def gc(disk: DiskCache, arguments: argparse.Namespace) -> Answer:
    """How many were dropped and what is left."""
    limit = disk.limit if arguments.limit is None else arguments.limit
    dropped = upkeep.collect(disk, limit, arguments.unused)
    left = upkeep.stats(disk)
    text = f"{dropped} results dropped, {left.entries} left with {size_text(left.bytes)}"
    return {"dropped": dropped, "entries": left.entries, "bytes": left.bytes}, text


def clear(disk: DiskCache, arguments: argparse.Namespace) -> Answer:
    """How many were forgotten."""
    count = upkeep.clear(disk)
    return {"cleared": count}, f"{count} results forgotten"


def verify(disk: DiskCache, arguments: argparse.Namespace) -> Answer:
    """What was bad."""
    found = upkeep.verify(disk)
    lines = [f"{bad.key} ({bad.type}): {bad.reason}; dropped" for bad in found.bad]
    lines.append(f"{found.checked} results read, {len(found.bad)} bad, "
                 f"{found.orphans} files of no result removed")  # fmt: skip
    return asdict(found), "\n".join(lines)


ACTIONS = {"stats": stats, "ls": ls, "gc": gc, "clear": clear, "verify": verify}
