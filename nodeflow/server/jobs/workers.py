"""The workers: which job runs where, and a new process where one died."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Literal

from nodeflow.engine.memory_cache import Kept
from nodeflow.server.events.log import EventLog
from nodeflow.server.jobs.core import JobCore
from nodeflow.server.process.blame import Blame
from nodeflow.server.process.holding import take_in
from nodeflow.server.process.messages import (
    Cancel,
    Ended,
    Free,
    FromProcess,
    Heartbeat,
    Holding,
    Importing,
    Ready,
    Run,
    Setup,
    Stop,
    ThreadFailed,
)
from nodeflow.server.process.supervise import ChildProcess

WATCH = 0.5
LONG_LIFE = 60.0
"""Seconds after which the death of a worker is not one in a row."""
log = logging.getLogger("nodeflow.workers")


class Worker:
    """One device's process. hang: seconds of silence; stall: seconds without any progress.

    ended: why the process before this one ended, empty for the first.
    """

    def __init__(
        self, number: int, setup: Setup, core: JobCore, events: EventLog, blame: Blame
    ) -> None:
        self.name, self.device = f"worker-{number}", setup.device
        self._setup, self._core, self._events, self._blame = setup, core, events, blame
        self.job: Run | None = None
        self.moved = time.monotonic()
        self.cancel_at: float | None = None
        self.stopping = False
        self.deaths = 0
        self.restarts = 0
        self.ended = ""
        self._holds: dict[str, Kept] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def state(self) -> Literal["starting", "idle", "busy"]:
        """For people."""
        if not hasattr(self, "process") or not self.process.ready:
            return "starting"
        return "busy" if self.job else "idle"

    @property
    def holds(self) -> Mapping[str, Kept]:
        """What is known of the results in its memory; nothing of a process that is gone."""
        return {} if self.state == "starting" else self._holds

    async def start(self) -> None:
        """Spawn the process."""
        self.born = time.monotonic()
        self.process = ChildProcess(self.name, self._setup, self._hear, self._gone, self._blame)
        await self.process.start()

    def give(self, run: Run) -> None:
        """Start a job."""
        self.job, self.moved, self.cancel_at = run, time.monotonic(), None
        self.process.send(run)
        self._core.started(run.job, self.name)

    def forgive(self, seconds: float) -> None:
        """Time that does not count against it."""
        self.moved += seconds
        self.process.last_heard += seconds
        self.process.since += seconds
        if self.cancel_at is not None:
            self.cancel_at += seconds

    def cancel(self, id: str, grace: float) -> None:
        """Ask the running job to stop; kill the process where it does not."""
        if self.job is not None and self.job.job == id and self.cancel_at is None:
            self.cancel_at = time.monotonic() + grace
            self.process.send(Cancel(id))

    def free(self) -> None:
        """Drop models and results from memory: no job starts before that is done."""
        self.process.send(Free())
        self._holds.clear()

    def _hear(self, message: FromProcess) -> None:
        if isinstance(message, Ready):
            self.device = message.device
            self._core.wake()
            return
        if isinstance(message, Heartbeat | Importing | ThreadFailed):
            return
        if isinstance(message, Holding):
            take_in(self._holds, message)
            return
        self.moved = time.monotonic()
        if isinstance(message, Ended) and self.job is not None and message.job == self.job.job:
            self.job, self.deaths = None, 0
            self._core.heard(message)
            self._core.wake()
        else:
            self._core.heard(message)

    def _gone(self, reason: str) -> None:
        self._events.pass_on("worker", {"id": self.name, "state": "dead"}, "", "", "")
        self._holds.clear()
        if self.job is not None:
            job, self.job = self.job.job, None
            asked = self.stopping or self.cancel_at is not None
            self._core.give_back(job, reason, death=not asked)
        if self.stopping:
            return
        about = {"worker": self.name, "reason": reason}
        log.error("%s is gone: %s; a new one starts", self.name, reason, extra={"about": about})
        self.ended = reason
        self.deaths = 1 if time.monotonic() - self.born > LONG_LIFE else self.deaths + 1
        self.restarts += 1
        task = asyncio.create_task(self._again())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _again(self) -> None:
        while not self.stopping:
            await asyncio.sleep(min(30.0, 0.05 * 2 ** min(self.deaths, 10)))
            try:
                return await self.start()
            except OSError as error:
                log.error("%s cannot be started: %s", self.name, error)
                self.deaths += 1


class Workers:
    """All of them. memory_limit: bytes a worker may hold, 0 for any."""

    def __init__(
        self, setups: list[Setup], core: JobCore, events: EventLog, blame: Blame,
        hang: float = 120.0, stall: float = 3600.0, grace: float = 20.0, memory_limit: int = 0,
    ) -> None:  # fmt: skip
        self.list = [Worker(i, setup, core, events, blame) for i, setup in enumerate(setups)]
        self._core, self._hang, self._stall = core, hang, stall
        self._grace, self._memory = grace, memory_limit
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        core.wake = self._work.set
        core.interrupt = self.interrupt

    async def start(self) -> None:
        """Spawn all and begin to hand out jobs."""
        for worker in self.list:
            await worker.start()
        self._tasks = [asyncio.create_task(job) for job in (self._dispatch(), self._watch())]

    def interrupt(self, id: str) -> None:
        """Cancel a running job."""
        for worker in self.list:
            worker.cancel(id, self._grace)

    def free(self) -> None:
        """Drop models and results from memory."""
        for worker in self.list:
            worker.free()

    def next(self) -> tuple[str, Mapping[str, Kept]]:
        """On which device a job would run that is posted now, and what its worker holds for sure.

        The first idle worker takes it; where none is free for it any may, and only what all of
        them hold is sure.
        """
        idle = [worker for worker in self.list if worker.state == "idle"]
        waits = self._core.paused or self._core.queued or not idle
        first, *others = self.list if waits else idle[:1]
        held = [other.holds for other in others]
        sure = {k: kept for k, kept in first.holds.items() if all(k in other for other in held)}
        return first.device, sure

    def refresh(self) -> None:
        """Look at plugins again."""
        for worker in self.list:
            worker.process.refresh()

    async def stop(self, patience: float = 30.0) -> None:
        """Let running steps end and be recorded, then end the processes."""
        for task in self._tasks:
            task.cancel()
        for worker in self.list:
            worker.stopping = True
            worker.process.send(Stop())
        await asyncio.gather(*(worker.process.wait(patience) for worker in self.list))

    async def _dispatch(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            for worker in self.list:
                if worker.job is None and worker.process.ready:
                    taken = await self._core.take()
                    if taken is None:
                        continue
                    job, run = taken
                    if worker.process.ready:
                        worker.give(run)
                        self._work.set()
                    else:
                        self._core.give_back(job.id, "its worker was gone already", death=False)

    async def _watch(self) -> None:
        before = time.monotonic()
        while True:
            await asyncio.sleep(WATCH)
            now = time.monotonic()
            slept, before = now - before - WATCH, now
            if slept > WATCH:  # the server itself stood still, and perhaps the workers with it
                for worker in self.list:
                    worker.forgive(slept)
            for worker in self.list:
                process = worker.process
                if now - process.last_heard > self._hang:
                    process.kill(f"it said nothing for {self._hang:.0f} s")
                elif process.importing is not None and now - process.since > self._hang:
                    process.kill(f"it took more than {self._hang:.0f} s")
                elif self._memory and process.memory > self._memory:
                    process.kill(f"it took more than {self._memory / 1e9:.1f} GB of memory")
                elif worker.job is not None and worker.cancel_at and now > worker.cancel_at:
                    process.kill("its job did not stop")
                elif worker.job is not None and now - worker.moved > self._stall:
                    process.kill(f"its job made no progress for {self._stall:.0f} s")
