"""`cache stats|clear`: what is kept on disk."""

import argparse
import json
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from nodeflow.cli.main import DONE, WRONG, Parser
from nodeflow.engine.disk_cache import DiskCache, default_folder


def command(argv: Sequence[str]) -> int:
    """Show or clear the disk cache."""
    parser = Parser(prog="python -m nodeflow cache", description=__doc__)
    parser.add_argument("action", choices=("stats", "clear"))
    parser.add_argument("--cache-dir", metavar="DIR", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    folder = arguments.cache_dir or default_folder()
    try:
        with closing(DiskCache(folder)) as disk:
            act(disk, arguments)
    except (OSError, sqlite3.Error) as error:
        print(f"error: the cache in {folder} cannot be used: {error}", file=sys.stderr)
        return WRONG
    return DONE


def act(disk: DiskCache, arguments: argparse.Namespace) -> None:
    """Do what was asked for and say it."""
    if arguments.action == "clear":
        count = disk.clear()
        print(json.dumps({"cleared": count}) if arguments.json else f"{count} results forgotten")
        return
    stats = disk.stats()
    if arguments.json:
        print(json.dumps(asdict(stats)))
    else:
        print(f"{stats.folder}: {stats.entries} results, {stats.bytes / 1e6:.1f} MB, "
              f"{stats.seconds:.1f} s of work")  # fmt: skip
