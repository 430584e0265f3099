"""The disk cache of a process, where it can be used."""

import sqlite3
import sys
from pathlib import Path

from nodeflow.engine.disk_cache import DiskCache


def disk_cache(folder: str | None) -> DiskCache | None:
    """The cache in a folder; None without one, and where it cannot be opened, which is said."""
    if folder is None:
        return None
    try:
        return DiskCache(Path(folder))
    except (OSError, sqlite3.Error) as error:
        sys.stderr.write(
            f"warning: results are not kept on disk, {folder} cannot be used: {error}\n"
        )
        return None
