"""What goes with time: old jobs and events, the trash, pictures that were only shown."""

import asyncio
import logging
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from nodeflow.node.folders import confined
from nodeflow.server.jobs.archive import DAY, Retention
from nodeflow.server.jobs.core import JobCore
from nodeflow.server.store import temporary
from nodeflow.server.store.database import Database

EVERY = 3600.0
log = logging.getLogger("nodeflow.upkeep")


class Upkeep:
    """data: the server's own folder; temp: where pictures go that are only shown."""

    def __init__(
        self, database: Database, core: JobCore, data: Path, temp: Path, retention: Retention
    ) -> None:
        self._database, self._core = database, core
        self._data, self._temp, self._kept = data, temp, retention

    async def run(self, every: float = EVERY) -> None:
        """Once and again, so many seconds apart."""
        while True:
            self._core.trim()
            try:
                if self._kept.temporary:
                    await self._clear(time.time() - self._kept.temporary * DAY)
                if self._kept.trash:
                    old = time.time() - self._kept.trash * DAY
                    await asyncio.to_thread(empty, self._data, old)
                await asyncio.to_thread(forget_uploads, self._data, time.time() - DAY)
            except (sqlite3.Error, OSError) as error:
                log.error("what is old could not be taken away: %s", error)
            await asyncio.sleep(every)

    async def _clear(self, before: float) -> None:
        """Take temporary files away that were last of use before."""
        old = await self._database.read(lambda c: temporary.unused(c, before))
        if old:
            await asyncio.to_thread(self._remove, old)
            self._database.post(lambda c: temporary.forget(c, before))
            log.info("%d temporary files were taken away", len(old))

    def _remove(self, files: list[temporary.Named]) -> None:
        for user, name in files:
            path = confined(self._temp / user, name)
            with suppress(OSError):  # it is gone, or not ours any more
                if path is not None:
                    path.unlink()


def empty(data: Path, before: float) -> None:
    """Take away what was put into the trash before."""
    for trash in (data / "trash", *data.glob("users/*/trash")):
        for item in (item for kind in ("files", "workflows") for item in inside(trash / kind)):
            if item.lstat().st_mtime < before:
                if item.is_dir() and not item.is_symlink():
                    shutil.rmtree(item)
                else:
                    item.unlink()


def forget_uploads(data: Path, before: float) -> None:
    """Take away what is left of uploads during which the server was killed."""
    for file in inside(data / "uploads"):
        if file.suffix == ".partial" and file.lstat().st_mtime < before:
            file.unlink()


def inside(folder: Path) -> Iterator[Path]:
    """What a folder holds, nothing where it is not there."""
    yield from sorted(folder.iterdir()) if folder.is_dir() else ()
