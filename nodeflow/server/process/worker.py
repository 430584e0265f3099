"""The process that runs jobs on one device, one after the other."""

import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from nodeflow.engine.device import choose_device
from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.events import CacheTrouble, Event, NodeFinished, NodeProgress, NodeStarted
from nodeflow.engine.run import Engine, RunResult
from nodeflow.graph.problem import WorkflowError
from nodeflow.interop.comfyui_api import known_inputs
from nodeflow.interop.open import open_data
from nodeflow.interop.picture_metadata import picture_metadata
from nodeflow.node.artifact import Artifacts
from nodeflow.node.check import check
from nodeflow.node.context import Cancelled
from nodeflow.node.plugins import load_registry
from nodeflow.server.process.channel import Channel
from nodeflow.server.process.messages import (
    Artifact,
    Cancel,
    Ended,
    Failure,
    Finished,
    Free,
    Heartbeat,
    NodeReport,
    Outcome,
    Progressed,
    Ready,
    Refresh,
    Reused,
    Run,
    Setup,
    Shown,
    Started,
    Stop,
    ToProcess,
)
from nodeflow.server.process.places import folders_of, problems_json

BEAT = 1.0


def memory_held() -> int:
    """Bytes of resident memory of this process; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def shown(artifacts: Artifacts) -> Shown:
    """What an output node made, as a message carries it."""
    files = tuple(
        Artifact(f.path, f.folder, f.media_type, f.size, f.sha256) for f in artifacts.files
    )
    return Shown(files, artifacts.text)


class Worker:
    """Runs what it is sent. A thread listens, so that cancelling is heard in the middle."""

    def __init__(self, channel: Channel[ToProcess], setup: Setup) -> None:
        self._channel, self._setup = channel, setup
        self._inbox: queue.SimpleQueue[ToProcess] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._stopping = threading.Event()

    def serve(self) -> None:
        """Work until told to stop."""
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()
        device = choose_device(self._setup.device)
        cache = self._setup.cache
        self._engine = self._make_engine(device, DiskCache(Path(cache)) if cache else None)
        self._registry = load_registry(map(Path, self._setup.places.plugins))
        self._channel.send(Ready(device))
        threading.Thread(target=self._warm_up, daemon=True).start()
        while not self._stopping.is_set():
            message = self._inbox.get()
            if isinstance(message, Run):
                self._channel.send(self._run(message))
                self._cancelled.discard(message.job)
            elif isinstance(message, Free):
                self._engine = self._make_engine(device, self._engine.disk)
            elif isinstance(message, Refresh):
                self._registry = load_registry(map(Path, self._setup.places.plugins))
        sys.stderr.flush()

    @staticmethod
    def _make_engine(device: str, disk: DiskCache | None) -> Engine:
        return Engine(device, disk, previews=True)

    def _listen(self) -> None:
        while (message := self._channel.receive()) is not None:
            if isinstance(message, Cancel):
                self._cancelled.add(message.job)
            elif isinstance(message, Stop):
                self._stopping.set()
                self._inbox.put(message)
            else:
                self._inbox.put(message)
        os._exit(0)

    def _beat(self) -> None:
        while True:
            self._channel.send(Heartbeat(memory_held()))
            time.sleep(BEAT)

    def _warm_up(self) -> None:
        """Import torch while nothing else is asked."""
        import torch  # noqa: F401

    def _run(self, run: Run) -> Ended:
        began = time.monotonic()

        def ended(outcome: Outcome, problems: bytes = b"") -> Ended:
            return Ended(run.job, outcome, time.monotonic() - began, problems=problems)

        def cancelled() -> bool:
            return run.job in self._cancelled or self._stopping.is_set()

        try:
            workflow = open_data(run.document, run.source or None)
            if run.lenient:
                workflow = known_inputs(workflow, self._registry)
            folders = folders_of(self._setup.places, run.user)
            checked = check(workflow, self._registry, folders, run.outputs)
            metadata = picture_metadata(workflow, self._registry, checked) | run.metadata
            reporter = Reporter(run.job, self._channel.send)
            result = self._engine.run(checked, reporter, cancelled, metadata, run.again)
            reporter.flush()
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
        return result_message(run.job, result)


def result_message(job: str, result: RunResult) -> Ended:
    """The end of a job that ran through."""
    failures = tuple(Failure(f.node, f.type, f.message, f.trace) for f in result.failures)
    outputs = {name: shown(artifacts) for name, artifacts in result.outputs.items()}
    outcome: Outcome = "failed" if failures else "done"
    return Ended(job, outcome, result.seconds, outputs, failures)


class Reporter:
    """Engine events as messages; reused nodes are told together. Any thread may call it."""

    def __init__(self, job: str, send: Callable[..., None]) -> None:
        self._job, self._send = job, send
        self._reused: dict[str, NodeReport] = {}
        self._shown: dict[str, Shown] = {}
        self._lock = threading.RLock()

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        with self._lock:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        if isinstance(event, NodeFinished) and event.state == "cached":
            self._reused[event.node] = NodeReport("cached", event.type, 0.0, event.reason)
            if event.artifacts is not None:
                self._shown[event.node] = shown(event.artifacts)
            return
        self.flush()
        if isinstance(event, NodeStarted):
            self._send(Started(self._job, event.node, event.type))
        elif isinstance(event, NodeProgress):
            picture = event.preview or b""
            self._send(Progressed(self._job, event.node, event.step, event.total, picture))
        elif isinstance(event, NodeFinished):
            report = NodeReport(event.state, event.type, event.seconds, event.reason)
            made = shown(event.artifacts) if event.artifacts is not None else None
            self._send(Finished(self._job, event.node, report, made))
        elif isinstance(event, CacheTrouble):
            sys.stderr.write(f"warning: {event.message}\n")

    def flush(self) -> None:
        """Tell what was reused since the last event."""
        if self._reused:
            self._send(Reused(self._job, self._reused, self._shown))
            self._reused, self._shown = {}, {}
