"""Everything that a running server holds, started and stopped in order."""

import asyncio
import fcntl
import os
import secrets
import time
from pathlib import Path
from typing import IO

from msgspec import to_builtins

from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.server.events.log import EventLog
from nodeflow.server.jobs.core import JobCore
from nodeflow.server.jobs.workers import Workers
from nodeflow.server.options import Options
from nodeflow.server.process.ask import Inspector
from nodeflow.server.process.blame import Blame
from nodeflow.server.process.messages import Setup
from nodeflow.server.store.database import Database
from nodeflow.server.upkeep import Upkeep


def lock(options: Options) -> IO[str]:
    """Hold the data folder alone. Raises WorkflowError where another server does."""
    options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (options.data / "lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        message = f"another server (process {file.read().strip() or '?'}) uses {options.data}"
        file.close()
        hint = "stop it, or give this one its own folder with --data"
        raise WorkflowError([Problem(ProblemCode.CALL, message, hint=hint)]) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


class ServerState:
    """Made in the event loop; `start` spawns the processes.

    saving: held while workflows and uploads change, so that what was checked of a name holds.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.id = secrets.token_hex(4)
        self.began = time.monotonic()
        self._lock = lock(options)
        self.database = Database(options.data / "server.sqlite")
        self.events = EventLog(self.database)
        self.core = JobCore(self.database, self.events, options.limits, options.retention)
        self.blame = blame = Blame()
        self.inspector = Inspector(Setup("", options.places, options.cache), blame)
        setups = [
            Setup(
                device.strip(),
                options.places,
                options.cache,
                previews=options.previews,
                lazy=options.lazy,
            )
            for device in options.device.split(",")
        ]
        self.workers = Workers(
            setups * options.workers, self.core, self.events, blame, options.hang, options.stall,
            memory_limit=options.memory_limit,
        )  # fmt: skip
        temp = Path(options.places.temp)
        self._upkeep = Upkeep(self.database, self.core, options.data, temp, options.retention)
        self.stopping = asyncio.Event()
        self.saving = asyncio.Lock()
        blame.blocked = self.refresh
        blame.told = lambda trouble: self.events.publish("plugin.trouble", to_builtins(trouble))

    async def start(self) -> None:
        """Spawn the processes; nothing waits for them to be ready."""
        await self.inspector.start()
        await self.workers.start()
        self._keeping = asyncio.create_task(self._upkeep.run())

    def refresh(self) -> None:
        """Look at plugins, models and files again."""
        self.inspector.refresh()
        self.workers.refresh()
        self.events.publish("node_types.changed", {})

    def let_go(self) -> None:
        """Accept no job any more, and keep no client waiting."""
        self.core.close()
        self.stopping.set()

    async def stop(self) -> None:
        """Finish steps, record, exit."""
        self.let_go()
        self._keeping.cancel()
        await self.workers.stop()
        await self.inspector.stop()
        await self.database.close()
        self._lock.close()
