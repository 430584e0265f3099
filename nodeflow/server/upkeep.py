"""What goes with time: old jobs and events, and pictures that were only shown."""

import asyncio
import logging
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from nodeflow.node.folders import confined
from nodeflow.server.jobs.archive import DAY
from nodeflow.server.jobs.core import JobCore
from nodeflow.server.store import temporary
from nodeflow.server.store.database import Database

EVERY = 3600.0
log = logging.getLogger("nodeflow.upkeep")


class Upkeep:
    """days: how long a temporary file stays after its last use, 0 for ever."""

    def __init__(self, database: Database, core: JobCore, temp: Path, days: float) -> None:
        self._database, self._core = database, core
        self._temp, self._days = temp, days

    async def run(self, every: float = EVERY) -> None:
        """Once and again, so many seconds apart."""
        while True:
            self._core.trim()
            if self._days:
                try:
                    await self._clear(time.time() - self._days * DAY)
                except sqlite3.Error as error:
                    log.error("temporary files cannot be looked up: %s", error)
            await asyncio.sleep(every)

    async def _clear(self, before: float) -> None:
        """Take away what was last of use before."""
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
