"""Where nodes run beside the coordinating thread: one thread a device, some for the CPU, a loop.

What they do comes back as messages in one queue, so that everything else happens in the thread
that runs the evaluation.
"""

import asyncio
import os
import queue
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nodeflow.engine.events import Event

ASYNC = "async"
CPU = "cpu"


@dataclass(frozen=True, slots=True)
class Ended:
    """A node's work is over: what it gave, or how it failed."""

    node: str
    lane: str
    outcome: object


Work = Callable[[], object]


class Lanes:
    """Threads of one evaluation. They are daemons: no process waits for a node that hangs."""

    def __init__(self, cpu_threads: int | None = None) -> None:
        self._width = cpu_threads or max(2, os.cpu_count() or 2)
        self._messages: queue.SimpleQueue[Ended | Event] = queue.SimpleQueue()
        self._work: dict[str, queue.SimpleQueue[tuple[str, Work] | None]] = {}
        self._threads: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: dict[str, asyncio.Future[Any]] = {}
        self.running: Counter[str] = Counter()

    def free(self, lane: str) -> bool:
        """Whether a lane can take one more: a device one node, the CPU some, a loop any number."""
        if lane == ASYNC:
            return True
        return self.running[lane] < (self._width if lane == CPU else 1)

    @property
    def busy(self) -> bool:
        """Whether anything runs."""
        return any(self.running.values())

    def tell(self, event: Event) -> None:
        """Hand an event to the coordinating thread."""
        self._messages.put(event)

    def start(self, lane: str, node: str, work: Work) -> None:
        """Run a node's work on a lane; on the loop the work gives a coroutine."""
        self.running[lane] += 1
        if lane == ASYNC:
            self._start_coroutine(node, work)
            return
        jobs = self._work.setdefault(lane, queue.SimpleQueue())
        jobs.put((node, work))
        if self._threads[lane] < self.running[lane]:
            self._threads[lane] += 1
            name = f"nodeflow-{lane}-{self._threads[lane]}"
            threading.Thread(target=self._serve, args=(lane, jobs), name=name, daemon=True).start()

    def _serve(self, lane: str, jobs: "queue.SimpleQueue[tuple[str, Work] | None]") -> None:
        while (job := jobs.get()) is not None:
            node, work = job
            try:
                outcome = work()
            except BaseException as error:
                outcome = error
            self._messages.put(Ended(node, lane, outcome))

    def _start_coroutine(self, node: str, work: Work) -> None:
        if self._loop is None:
            self._loop = loop = asyncio.new_event_loop()

            def serve() -> None:
                loop.run_forever()
                loop.close()

            threading.Thread(target=serve, name="nodeflow-async", daemon=True).start()

        async def run() -> None:
            self._tasks[node] = asyncio.current_task()  # type: ignore[assignment]
            try:
                outcome = await work()  # type: ignore[misc]
            except BaseException as error:
                outcome = error
            del self._tasks[node]
            self._messages.put(Ended(node, ASYNC, outcome))

        asyncio.run_coroutine_threadsafe(run(), self._loop)

    def cancel(self) -> None:
        """Cancel what runs on the loop; threads look at the run context themselves."""
        if self._loop is not None:
            for task in list(self._tasks.values()):
                self._loop.call_soon_threadsafe(task.cancel)

    def next(self, seconds: float) -> Ended | Event | None:
        """The next message, or None when there was none for that long."""
        try:
            message = self._messages.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(message, Ended):
            self.running[message.lane] -= 1
        return message

    def close(self) -> None:
        """Let the threads end when they are done."""
        for lane, jobs in self._work.items():
            for _ in range(self._threads[lane]):
                jobs.put(None)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
