"""The process that runs jobs on one device, one after the other."""

import gc
import os
import queue
import sys
import threading
import time
from pathlib import Path

from nodeflow.engine.device import choose_device
from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.memory_cache import MemoryCache
from nodeflow.engine.run import Engine
from nodeflow.graph.document import Workflow
from nodeflow.graph.problem import WorkflowError
from nodeflow.interop.comfyui_api import known_inputs
from nodeflow.interop.comfyui_prefix import filled_in
from nodeflow.interop.open import open_data
from nodeflow.interop.picture_metadata import Later, picture_metadata
from nodeflow.node.check import check
from nodeflow.node.checked import CheckedWorkflow
from nodeflow.node.context import Cancelled
from nodeflow.node.folders import FileMissing
from nodeflow.server.process.channel import Channel
from nodeflow.server.process.disk import disk_cache
from nodeflow.server.process.holding import News
from nodeflow.server.process.last_words import leave
from nodeflow.server.process.messages import (
    Cancel,
    Ended,
    Free,
    Heartbeat,
    Outcome,
    Ready,
    Refresh,
    Run,
    Setup,
    Stop,
    ToProcess,
)
from nodeflow.server.process.places import folders_of, problems_json
from nodeflow.server.process.registry import told_registry
from nodeflow.server.process.report import MustCompute, Reporter, result_message

BEAT = 1.0
REMEMBERED, LARGE = 32, 1_000_000
"""Documents that are known to be sound, each with its checked form."""
Identity = tuple[bytes, tuple[str, ...], str, str, bool]


def memory_held() -> int:
    """Bytes of resident memory of this process; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class Worker:
    """Runs what it is sent. A thread listens, so that cancelling is heard in the middle."""

    def __init__(self, channel: Channel[ToProcess], setup: Setup) -> None:
        self._channel, self._setup = channel, setup
        self._inbox: queue.SimpleQueue[ToProcess] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._stopping = threading.Event()
        self._checked: dict[Identity, tuple[Workflow, CheckedWorkflow]] = {}
        self._news = News()

    def serve(self) -> None:
        """Work until told to stop."""
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()
        setup = self._setup
        device = choose_device(setup.device)
        self._engine = self._make_engine(device, disk_cache(setup.cache))
        self._registry = told_registry(setup.places, setup.deadly, self._channel.send)
        self._channel.send(Ready(device))
        if not setup.lazy:
            threading.Thread(target=self._warm_up, daemon=True).start()
        while not self._stopping.is_set():
            message = self._inbox.get()
            if isinstance(message, Run):
                ended = self._run(message)
                self._tell_news()
                self._channel.send(ended)
                self._cancelled.discard(message.job)
            elif isinstance(message, Free):
                disk = self._engine.disk or disk_cache(setup.cache)
                self._engine.memory.clear()
                self._tell_news()
                self._engine = self._make_engine(device, disk)
            elif isinstance(message, Refresh):
                self._checked.clear()
                self._registry = told_registry(setup.places, message.deadly, self._channel.send)
        sys.stderr.flush()

    def _make_engine(self, device: str, disk: DiskCache | None) -> Engine:
        memory = MemoryCache(told=self._news)
        return Engine(device, disk, memory, previews=self._setup.previews)

    def _tell_news(self) -> None:
        """Before the end of a job is told, so that who hears that knows what is held since."""
        news = self._news.take()
        if news is not None:
            self._channel.send(news)

    def _listen(self) -> None:
        while (message := self._channel.receive()) is not None:
            if isinstance(message, Cancel):
                self._cancelled.add(message.job)
            elif isinstance(message, Stop):
                self._stopping.set()
                self._inbox.put(message)
            else:
                self._inbox.put(message)
        leave(0)

    def _beat(self) -> None:
        while True:
            self._channel.send(Heartbeat(memory_held()))
            time.sleep(BEAT)

    def _warm_up(self) -> None:
        """Import torch while nothing else is asked."""
        import torch  # noqa: F401

        gc.freeze()

    def _run(self, run: Run) -> Ended:
        began = time.monotonic()

        def ended(outcome: Outcome, problems: bytes = b"") -> Ended:
            return Ended(run.job, outcome, time.monotonic() - began, problems=problems)

        try:
            return self._again(run) or self._anew(run)
        except WorkflowError as error:
            return ended("failed", problems_json(error))
        except Cancelled:
            return ended("cancelled" if run.job in self._cancelled else "stopped")
        except Exception as error:
            problem = {"code": "internal", "message": f"{type(error).__name__}: {error}"}
            import traceback

            from msgspec import json

            traceback.print_exc()
            return ended("failed", json.encode([problem]))

    def _again(self, run: Run) -> Ended | None:
        """A document that ran before, where the cache still has all of it.

        Keys tell whether it has, from the files as they are now; so there is nothing to check.
        """
        known = None if run.again else self._checked.get(identity(run))
        if known is None:
            return None
        try:
            return self._evaluate(run, *known, reuse_only=True)
        except (MustCompute, WorkflowError, FileMissing, OSError):
            self._checked.pop(identity(run), None)
            return None

    def _anew(self, run: Run) -> Ended:
        workflow = open_data(run.document, run.source or None, self._registry)
        if run.lenient:
            workflow = filled_in(known_inputs(workflow, self._registry))
        folders = folders_of(self._setup.places, run.user)
        checked = check(workflow, self._registry, folders, run.outputs)
        ended = self._evaluate(run, workflow, checked)
        if ended.outcome == "done" and not checked.lists and len(run.document) < LARGE:
            self._checked[identity(run)] = workflow, checked
            if len(self._checked) > REMEMBERED:
                self._checked.pop(next(iter(self._checked)))
        return ended

    def _evaluate(
        self, run: Run, workflow: Workflow, checked: CheckedWorkflow, reuse_only: bool = False
    ) -> Ended:
        registry, send = self._registry, self._channel.send
        texts = Later(lambda: picture_metadata(workflow, registry, checked) | run.metadata)

        def cancelled() -> bool:
            return run.job in self._cancelled or self._stopping.is_set()

        reporter = Reporter(run.job, send, reuse_only)
        result = self._engine.run(checked, reporter, cancelled, texts, run.again)
        reporter.flush()
        return result_message(run.job, result)


def identity(run: Run) -> Identity:
    """What decides how a document is read and checked."""
    return run.document, run.outputs, run.user, run.source, run.lenient
