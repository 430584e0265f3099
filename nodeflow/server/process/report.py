"""What the engine tells of a run, as messages to the server."""

import sys
import threading
from collections.abc import Callable

from nodeflow.engine.events import CacheTrouble, Event, NodeFinished, NodeProgress, NodeStarted
from nodeflow.engine.run import RunResult
from nodeflow.node.artifact import Artifacts
from nodeflow.server.process.messages import (
    Artifact,
    Ended,
    Failure,
    Finished,
    Message,
    NodeReport,
    Outcome,
    Progressed,
    Reused,
    Shown,
    Started,
)


class MustCompute(Exception):
    """A node would have to run that was expected to be in the cache."""


def shown(artifacts: Artifacts) -> Shown:
    """What an output node made, as a message carries it."""
    files = tuple(
        Artifact(f.path, f.folder, f.media_type, f.size, f.sha256) for f in artifacts.files
    )
    return Shown(files, artifacts.text)


def result_message(job: str, result: RunResult) -> Ended:
    """The end of a job that ran through."""
    failures = tuple(Failure(f.node, f.type, f.message, f.trace) for f in result.failures)
    outputs = {name: shown(artifacts) for name, artifacts in result.outputs.items()}
    outcome: Outcome = "failed" if failures else "done"
    return Ended(job, outcome, result.seconds, outputs, failures)


class Reporter:
    """Engine events as messages; reused nodes are told together. Any thread may call it.

    reuse_only: raise MustCompute instead of letting a node start.
    """

    def __init__(self, job: str, send: Callable[[Message], None], reuse_only: bool = False) -> None:
        self._job, self._send, self._reuse_only = job, send, reuse_only
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
        if self._reuse_only and isinstance(event, NodeStarted):
            raise MustCompute
        self.flush()
        if isinstance(event, NodeStarted):
            self._send(Started(self._job, event.node, event.type))
        elif isinstance(event, NodeProgress):
            picture = event.preview or b""
            self._send(
                Progressed(self._job, event.node, event.step, event.total, picture, event.left)
            )
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
