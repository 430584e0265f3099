"""`cache stats|clear`: what is kept on disk."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from nodeflow.cli.main import DONE, Parser
from nodeflow.engine.disk_cache import DiskCache, default_folder


def command(argv: Sequence[str]) -> int:
    """Show or clear the disk cache."""
    parser = Parser(prog="python -m nodeflow cache", description=__doc__)
    parser.add_argument("action", choices=("stats", "clear"))
    parser.add_argument("--cache-dir", metavar="DIR", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    disk = DiskCache(arguments.cache_dir or default_folder())
    if arguments.action == "clear":
        count = disk.clear()
        print(json.dumps({"cleared": count}) if arguments.json else f"{count} results forgotten")
    else:
        stats = disk.stats()
        if arguments.json:
            print(json.dumps(asdict(stats)))
        else:
            print(f"{stats.folder}: {stats.entries} results, {stats.bytes / 1e6:.1f} MB, "
                  f"{stats.seconds:.1f} s of work")  # fmt: skip
    disk.close()
    return DONE
