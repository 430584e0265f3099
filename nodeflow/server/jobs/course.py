"""The course of accepted jobs: waiting, paused, running, ended."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Literal

from msgspec import json, to_builtins
from msgspec.structs import replace

from nodeflow.server.events.log import EventLog
from nodeflow.server.http.fault import Fault
from nodeflow.server.jobs.archive import Archive, Retention
from nodeflow.server.jobs.job import Job, JobError, Limits, Report
from nodeflow.server.jobs.queue import JobQueue
from nodeflow.server.jobs.running import RunningJobs, told
from nodeflow.server.process.messages import (
    Ended,
    Finished,
    FromProcess,
    Progressed,
    Reused,
    Run,
    Started,
)
from nodeflow.server.store.database import Database

log = logging.getLogger("nodeflow.jobs")
Wish = Literal["cancelled", "paused"]
STARTS = 10
"""After so many starts that ended with the server itself, a job is not tried again."""


class Course:
    """The state of all jobs that have not ended, mirrored in the database.

    A job waits, is held (paused), runs, or leaves: it has ended, but the disk does not have that
    yet, and nobody is told before. `wake` is called when there may be work for an idle worker;
    `interrupt` stops a job on the worker that runs it.
    """

    def __init__(
        self, database: Database, events: EventLog, limits: Limits, retention: Retention
    ) -> None:
        self._limits = limits
        self._archive = Archive(database, events, retention)
        self._queue = JobQueue()
        self._held: dict[str, Job] = {}
        self._leaving: dict[str, Job] = {}
        self._running = RunningJobs(self._archive, events)
        self._wishes: dict[str, Wish] = {}
        self._ending: dict[str, asyncio.Event] = {}
        self.running, self.progress = self._running.jobs, self._running.progress
        self.previews = self._running.previews
        self.paused = self._archive.paused()
        self.closed = False
        self.counts = {"done": 0, "failed": 0, "cancelled": 0}
        self.wake: Callable[[], None] = lambda: None
        self.interrupt: Callable[[str], None] = lambda id: None
        for job in sorted(self._archive.left(), key=lambda job: job.state == "running"):
            self._restore(job)

    def _restore(self, job: Job) -> None:
        """Queue again what an earlier server left."""
        if job.state == "paused":
            self._held[job.id] = job
        elif job.state == "queued":
            self._queue.restore(job)
        elif job.attempts >= STARTS:
            text = f"it was started {job.attempts} times, and the server ended under it each time"
            self._fail(job, JobError("server_died", text))
        else:
            self._requeue(job, "the server was started again")

    def live(self, id: str) -> Job | None:
        """A job of which the disk does not say yet that it has ended."""
        return (
            self.running.get(id)
            or self._queue.get(id)
            or self._held.get(id)
            or self._leaving.get(id)
        )

    async def document(self, job: Job) -> bytes:
        """The exact document of a job. Raises Fault."""
        return await self._archive.document(job)

    async def take(self) -> tuple[Job, Run] | None:
        """The next job for a worker, with the message that starts it."""
        while not (self.paused or self.closed) and (job := self._queue.next()) is not None:
            job = replace(
                job, state="running", started=job.started or time.time(),
                attempts=job.attempts + 1, report=Report(),
            )  # fmt: skip
            self.running[job.id] = job
            try:
                document = await self.document(job)
            except Fault as fault:
                self._fail(job, JobError("lost", fault.detail))
                continue
            if job.id in self._wishes:
                self.give_back(job.id, "", death=False)
                continue
            options = job.options
            source = job.workflow or job.name or job.client
            run = Run(
                job.id, document, options.only, options.again, job.user, source,
                options.metadata, options.lenient,
            )  # fmt: skip
            return job, run
        return None

    def started(self, id: str, worker: str) -> None:
        """A worker has got the job."""
        job = self.running.get(id)
        if job is not None:
            data = {"worker": worker, "attempt": job.attempts}
            self._archive.record(job, [("job.started", data)], [job])

    def heard(self, message: FromProcess) -> None:
        """What a worker tells of a running job."""
        if not isinstance(message, Started | Progressed | Finished | Reused | Ended):
            return
        job = self.running.get(message.job)
        if job is None:
            return
        if isinstance(message, Ended):
            self._ended(job, message)
        else:
            self._running.heard(job, message)

    def _ended(self, job: Job, message: Ended) -> None:
        if message.outcome in ("stopped", "cancelled"):
            self.give_back(job.id, "the server stops", death=False)
            return
        report = replace(
            job.report, outputs={**job.report.outputs, **message.outputs},
            failures=message.failures, seconds=message.seconds,
        )  # fmt: skip
        job = replace(job, report=report)
        if message.outcome == "failed":
            self._fail(job, error_of(message), json.decode(message.problems or b"[]"))
        else:
            data = {"outputs": told(message.outputs), "seconds": message.seconds}
            self._end(replace(job, state="done"), "job.done", data)

    def give_back(self, id: str, reason: str, death: bool) -> None:
        """Its worker stopped it or is gone: do with it what was wished, or queue it again.

        It fails where its worker died under it once too often.
        """
        job = self._running.pop(id)
        if job is None:
            return
        wish = self._wishes.pop(id, None)
        job = replace(job, attempts=job.attempts - (not death), deaths=job.deaths + death)
        if wish == "cancelled":
            self._end(replace(job, state="cancelled"), "job.cancelled", {})
        elif death and job.deaths > self._limits.deaths:
            died = "its worker died again" if job.deaths > 1 else "its worker died"
            nodes = ((name, n.type) for name, n in job.report.nodes.items() if n.state == "running")
            node, kind = next(nodes, ("", ""))
            place = f"{died} in node '{node}' ({kind})" if node else died
            self._fail(job, JobError("worker_died", f"{place}: {reason}", node, kind))
        elif wish == "paused":
            self._hold(job)
        else:
            self._requeue(job, reason)

    def _requeue(self, job: Job, reason: str) -> None:
        """It has had its turn: it comes before all of its priority."""
        same = (other for other in self._queue if other.priority == job.priority)
        turn = min(job.turn, next(same, job).turn - 1)
        job = replace(job, state="queued", report=Report(), turn=turn)
        self._queue.add(job)
        self._archive.record(job, [("job.requeued", {"reason": reason})], [job])
        self.wake()

    def _hold(self, job: Job) -> None:
        job = self._held[job.id] = replace(job, state="paused", report=Report())
        self._archive.record(job, [("job.paused", {})], [job])

    def _fail(
        self, job: Job, error: JobError, problems: list[dict[str, Any]] | None = None
    ) -> None:
        about = {"job": job.id, "user": job.user, "client": job.client, **to_builtins(error)}
        del about["message"]
        log.warning("job %s failed: %s", job.id, error.message, extra={"about": about})
        report = replace(job.report, error=error, problems=problems or [])
        data = {"error": to_builtins(error), "failures": to_builtins(report.failures),
                "problems": report.problems}  # fmt: skip
        self._end(replace(job, state="failed", report=report), "job.failed", data)

    def _end(self, job: Job, event: str, data: dict[str, Any]) -> None:
        self.counts[job.state] += 1
        self._wishes.pop(job.id, None)
        before = self._running.pop(job.id)
        self._leaving[job.id] = before or replace(job, state="queued")

        def kept() -> None:
            self._leaving.pop(job.id, None)
            waiting = self._ending.pop(job.id, None)
            if waiting is not None:
                waiting.set()

        ended = replace(job, finished=time.time())
        self._archive.record(ended, [(event, data)], [ended], kept)


def error_of(message: Ended) -> JobError:
    """A failed job's reason in one line."""
    if message.failures:
        first = message.failures[0]
        return JobError("node_failed", first.message, first.node, first.type)
    problems = json.decode(message.problems or b"[]")
    text = problems[0].get("message", "") if problems else "no reason is known"
    internal = bool(problems) and problems[0].get("code") == "internal"
    return JobError("internal" if internal else "invalid_workflow", text)
