"""The jobs that workers have, and what is heard of them before they end."""

from collections.abc import Mapping
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from nodeflow.server.events.log import EventLog
from nodeflow.server.jobs.archive import Archive
from nodeflow.server.jobs.job import Job, Progress
from nodeflow.server.process.messages import (
    Finished,
    NodeReport,
    Progressed,
    Reused,
    Shown,
    Started,
)


class RunningJobs:
    """Running jobs by id, with their newest progress and preview."""

    def __init__(self, archive: Archive, events: EventLog) -> None:
        self._archive, self._events = archive, events
        self.jobs: dict[str, Job] = {}
        self.progress: dict[str, Progress] = {}
        self.previews: dict[str, bytes] = {}

    def pop(self, id: str) -> Job | None:
        """Take a job out, or None."""
        self.progress.pop(id, None)
        self.previews.pop(id, None)
        return self.jobs.pop(id, None)

    def heard(self, job: Job, message: Started | Progressed | Finished | Reused) -> None:
        """What a worker tells of a job's nodes."""
        if isinstance(message, Progressed):
            self._progressed(job, message)
        elif isinstance(message, Started):
            self._noted(job, {message.node: NodeReport("running", message.type, 0.0, "")}, {})
            data: dict[str, Any] = {"node": message.node, "type": message.type}
            self._archive.record(job, [("node.started", data)])
        elif isinstance(message, Finished):
            made = {} if message.shown is None else {message.node: message.shown}
            self._noted(job, {message.node: message.report}, made)
            data = {"node": message.node, **to_builtins(message.report), "outputs": told(made)}
            self._archive.record(job, [("node.finished", data)])
        else:
            self._noted(job, message.nodes, message.shown)
            nodes = {name: report.reason for name, report in message.nodes.items()}
            data = {"nodes": nodes, "outputs": told(message.shown)}
            self._archive.record(job, [("nodes.cached", data)])

    def _progressed(self, job: Job, message: Progressed) -> None:
        left = None if message.left is None else round(message.left, 2)
        data: Progress = {
            "node": message.node, "step": message.step, "total": message.total, "left": left,
        }  # fmt: skip
        self.progress[job.id] = data
        self._events.pass_on("progress", {**data}, job.user, job.id, job.client)
        if message.preview:
            self.previews[job.id] = message.preview
            png = message.preview.startswith(b"\x89PNG")
            head = {"job": job.id, "client": job.client, **data,
                    "media_type": "image/png" if png else "image/jpeg"}  # fmt: skip
            self._events.show(message.preview, head, job.user)

    def _noted(self, job: Job, nodes: Mapping[str, NodeReport], made: Mapping[str, Shown]) -> None:
        report = job.report
        report = replace(
            report, nodes={**report.nodes, **nodes}, outputs={**report.outputs, **made}
        )
        self.jobs[job.id] = replace(job, report=report)


def told(made: Mapping[str, Shown]) -> dict[str, Any]:
    """What output nodes made, as events carry it."""
    return {node: to_builtins(shown) for node, shown in made.items()}
