"""The job core: accepts jobs, gives them to workers, records what comes of them."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal

from msgspec import json, to_builtins
from msgspec.structs import replace

from nodeflow.server.events.log import EventLog
from nodeflow.server.http.fault import Fault
from nodeflow.server.jobs.job import ENDED, Job, JobError, Report, Submission
from nodeflow.server.jobs.queue import JobQueue
from nodeflow.server.process.messages import (
    Ended,
    Finished,
    FromProcess,
    NodeReport,
    Progressed,
    Reused,
    Run,
    Shown,
    Started,
)
from nodeflow.server.store import jobs as rows
from nodeflow.server.store.database import Database

Place = Literal["front", "back", "before", "after"]
Event = tuple[int, str, str | None, bytes]
log = logging.getLogger("nodeflow.jobs")


class JobCore:
    """The state of all jobs that have not ended, mirrored in the database.

    `wake` is called when there may be work for an idle worker; `interrupt` cancels a job on
    the worker that runs it. deaths_allowed: of the worker under a job before it fails.
    """

    def __init__(
        self, database: Database, events: EventLog, limit: int = 10_000, client_limit: int = 2_000,
        deaths_allowed: int = 1, keep_jobs: int = 10_000, keep_events: int = 500_000,
    ) -> None:  # fmt: skip
        self._database, self._events = database, events
        self._limit, self._client_limit, self._deaths = limit, client_limit, deaths_allowed
        self._keep = (keep_jobs, keep_events)
        self._queue = JobQueue()
        self._ending: dict[str, asyncio.Event] = {}
        self.running: dict[str, Job] = {}
        self.progress: dict[str, dict[str, Any]] = {}
        self.previews: dict[str, bytes] = {}
        self.paused = False
        self.closed = False
        self.counts = {"done": 0, "failed": 0, "cancelled": 0}
        self.wake: Callable[[], None] = lambda: None
        self.interrupt: Callable[[str], None] = lambda id: None
        last = database.now(
            lambda c: c.execute("select coalesce(max(number), 0) from jobs").fetchone()
        )
        self._number = int(last[0])
        self._restore()

    def _restore(self) -> None:
        """Queue again what an earlier server left."""
        found = self._database.now(
            lambda c: rows.select(c, "state in ('queued', 'running')", (), "order by turn, number")
        )
        for job in found:
            if job.state == "running":
                attempts = max(0, job.attempts - 1)
                back = replace(job, state="queued", report=Report(), attempts=attempts)
                self._record(back, [("job.requeued", {"reason": "the server was started again"})])
                job = back
            self._queue.add(job)
            self._queue.turn_for(job.user, job.client)

    # --- asked for by clients

    async def submit(self, asked: Submission) -> Job:
        """Accept a job: it is on disk when this returns. Raises Fault where limits are reached.

        An id that is there already with the same document gives that job, else a conflict.
        """
        if self.closed:
            raise Fault(503, "unavailable", "the server is stopping")
        digest = rows.digest_of(asked.document)
        if asked.id:
            known = await self.find(asked.id, asked.user)
            if known is not None and known.document == digest:
                return known
            if known is not None or not await self._free(asked.id):
                raise Fault(409, "conflict", f"there is another job with the id '{asked.id}'")
        if len(self._queue) >= self._limit:
            raise Fault(429, "too_many", f"{self._limit} jobs are waiting already")
        if self._queue.count(asked.user, asked.client) >= self._client_limit:
            raise Fault(429, "too_many", f"{self._client_limit} jobs of this client are waiting")
        self._number += 1
        turn = self._queue.turn_for(asked.user, asked.client)
        job = Job(
            self._number, asked.id or secrets.token_hex(8), asked.user, asked.client,
            asked.workflow, asked.name, digest, asked.options, "queued", asked.priority, turn,
            time.time(),
        )  # fmt: skip
        if asked.front and len(self._queue):
            job = self._queue.moved(job, 0)
        data = {"number": job.number, "priority": job.priority, "name": job.name,
                "workflow": job.workflow}  # fmt: skip
        event = self._event(job, "job.queued", data)

        def keep(connection: Any) -> None:
            rows.insert(connection, job, asked.document)
            self._events.keep(connection, [event])

        await self._database.write(keep)
        self._events.broadcast([event])
        self._queue.add(job)
        self.wake()
        return job

    async def _free(self, id: str) -> bool:
        if id in self._queue or id in self.running:
            return False
        return not await self._database.read(lambda c: rows.select(c, "id = ?", (id,)))

    async def find(self, id: str, user: str) -> Job | None:
        """A job of this user, wherever it stands."""
        job = self.live(id)
        if job is None:
            found = await self._database.read(lambda c: rows.select(c, "id = ?", (id,)))
            job = found[0] if found else None
            job = self.live(id) or job
        return job if job is not None and user in ("", job.user) else None

    def live(self, id: str) -> Job | None:
        """A job that has not ended."""
        return self.running.get(id) or self._queue.get(id)

    def position(self, id: str) -> int | None:
        """How many come before a waiting job."""
        return self._queue.position(id)

    def waiting(self) -> list[Job]:
        """The queue in its order."""
        return self._queue.list()

    async def document(self, job: Job) -> bytes:
        """The exact document of a job."""
        body = await self._database.read(lambda c: rows.document(c, job.document))
        if body is None:
            raise Fault(404, "not_found", "the document of this job is not kept any more")
        return body

    async def wait(self, id: str, user: str, seconds: float) -> Job | None:
        """The job once it has ended or that time is over."""
        job = await self.find(id, user)
        if job is None or job.state in ENDED or seconds <= 0:
            return job
        event = self._ending.setdefault(id, asyncio.Event())
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)
        return await self.find(id, user)

    def cancel(self, job: Job) -> None:
        """Take a waiting job out, stop a running one at its next step."""
        if (taken := self._queue.take(job.id)) is not None:
            self._end(replace(taken, state="cancelled", finished=time.time()), "job.cancelled", {})
        elif job.id in self.running:
            self.interrupt(job.id)

    async def retry(self, job: Job) -> Job:
        """The same again as a new job."""
        options = replace(job.options, retry_of=job.id)
        document = await self.document(job)
        return await self.submit(
            Submission(
                document, "", job.user, job.client, job.workflow, job.name, job.priority,
                options=options,
            )
        )  # fmt: skip

    def move(self, id: str, to: Place, other: str = "") -> Job:
        """Give a waiting job another place. Raises Fault where it or `other` does not wait."""
        if other and (other == id or other not in self._queue):
            raise Fault(409, "conflict", f"the job '{other}' does not wait")
        job = self._queue.take(id)
        if job is None:
            raise Fault(409, "conflict", "only a waiting job can be moved")
        place = 0 if to == "front" else len(self._queue)
        if other:
            place = (self._queue.position(other) or 0) + (to == "after")
        return self._replaced(self._queue.moved(job, place))

    def prioritise(self, id: str, priority: int) -> Job:
        """Change a waiting job's priority. Raises Fault where it does not wait."""
        job = self._queue.take(id)
        if job is None:
            raise Fault(409, "conflict", "only a waiting job can be moved")
        return self._replaced(replace(job, priority=priority))

    def _replaced(self, job: Job) -> Job:
        self._queue.add(job)
        self._record(job, [("job.moved", {"position": self._queue.position(job.id)})])
        return job

    def pause(self, paused: bool) -> None:
        """Start no further job, or go on."""
        self.paused = paused
        self._events.publish("queue.paused" if paused else "queue.resumed", {})
        self.wake()

    async def delete(self, ids: Iterable[str], user: str) -> int:
        """Forget ended jobs."""
        wanted = [id for id in ids if id not in self.running and id not in self._queue]
        events = [self._events.make("job.deleted", {}, user, id) for id in wanted]

        def work(connection: Any) -> int:
            count = rows.delete(connection, wanted)
            self._events.keep(connection, events)
            return count

        count = await self._database.write(work)
        self._events.broadcast(events)
        return count

    async def history(
        self, user: str, states: tuple[str, ...], client: str, workflow: str, before: int,
        limit: int,
    ) -> list[Job]:  # fmt: skip
        """Jobs, newest first."""
        marks = ", ".join("?" * len(states))
        where = f"number < ? and (? = '' or user = ?) and state in ({marks})"
        arguments: list[object] = [before, user, user, *states]
        for column, value in (("client", client), ("workflow", workflow)):
            if value:
                where += f" and {column} = ?"
                arguments.append(value)
        return await self._database.read(
            lambda c: rows.select(c, where, arguments, f"order by number desc limit {limit}")
        )

    # --- asked for by workers

    async def take(self) -> tuple[Job, Run] | None:
        """The next job for a worker, with the message that starts it."""
        if self.paused or self.closed:
            return None
        job = self._queue.next()
        if job is None:
            return None
        job = replace(
            job, state="running", started=job.started or time.time(), attempts=job.attempts + 1,
            report=Report(),
        )  # fmt: skip
        self.running[job.id] = job
        try:
            document = await self.document(job)
        except Fault as fault:
            self._fail(job, JobError("lost", fault.detail))
            return None
        options = job.options
        source = job.workflow or job.name or job.client
        run = Run(
            job.id, document, options.only, options.again, job.user, source, options.metadata,
            options.lenient,
        )  # fmt: skip
        return job, run

    def started(self, id: str, worker: str) -> None:
        """A worker has got the job."""
        job = self.running.get(id)
        if job is not None:
            self._record(job, [("job.started", {"worker": worker, "attempt": job.attempts})])

    def heard(self, message: FromProcess) -> None:
        """What a worker tells of a running job."""
        if isinstance(message, Started | Progressed | Finished | Reused | Ended):
            job = self.running.get(message.job)
            if job is not None:
                self._heard(job, message)

    def _heard(self, job: Job, message: Started | Progressed | Finished | Reused | Ended) -> None:
        if isinstance(message, Progressed):
            data = {"node": message.node, "step": message.step, "total": message.total}
            self.progress[job.id] = data
            self._events.pass_on("progress", data, job.user, job.id, job.client)
            if message.preview:
                self.previews[job.id] = message.preview
                png = message.preview.startswith(b"\x89PNG")
                head = {"job": job.id, "client": job.client, **data,
                        "media_type": "image/png" if png else "image/jpeg"}  # fmt: skip
                self._events.show(message.preview, head, job.user)
        elif isinstance(message, Started):
            self._noted(job, {message.node: NodeReport("running", message.type, 0.0, "")}, {})
            self._record(
                None, [("node.started", {"node": message.node, "type": message.type})], job
            )
        elif isinstance(message, Finished):
            made = {} if message.shown is None else {message.node: message.shown}
            self._noted(job, {message.node: message.report}, made)
            data = {"node": message.node, **to_builtins(message.report), "outputs": told(made)}
            self._record(None, [("node.finished", data)], job)
        elif isinstance(message, Reused):
            self._noted(job, message.nodes, message.shown)
            nodes = {name: report.reason for name, report in message.nodes.items()}
            data = {"nodes": nodes, "outputs": told(message.shown)}
            self._record(None, [("nodes.cached", data)], job)
        else:
            self._ended(job, message)

    def _noted(self, job: Job, nodes: dict[str, NodeReport], made: Mapping[str, Shown]) -> None:
        report = job.report
        report = replace(
            report, nodes={**report.nodes, **nodes}, outputs={**report.outputs, **made}
        )
        self.running[job.id] = replace(job, report=report)

    def _ended(self, job: Job, message: Ended) -> None:
        if message.outcome == "stopped":
            self.give_back(job.id, "the server stops", death=False)
            return
        report = replace(
            job.report, outputs={**job.report.outputs, **message.outputs},
            failures=message.failures, seconds=message.seconds,
        )  # fmt: skip
        job = replace(job, finished=time.time(), report=report)
        if message.outcome == "failed":
            self._fail(job, error_of(message), json.decode(message.problems or b"[]"))
        elif message.outcome == "cancelled":
            self._end(replace(job, state="cancelled"), "job.cancelled", {})
        else:
            data = {"outputs": told(message.outputs), "seconds": message.seconds}
            self._end(replace(job, state="done"), "job.done", data)

    def give_back(self, id: str, reason: str, death: bool) -> None:
        """Its worker is gone: queue it again, or fail it where that was once too often."""
        job = self.running.get(id)
        if job is None:
            return
        if death and job.attempts > self._deaths:
            self._fail(job, JobError("worker_died", f"its worker died again: {reason}"))
            return
        attempts = job.attempts if death else job.attempts - 1
        back = replace(job, state="queued", report=Report(), attempts=attempts)
        self.running.pop(id)
        self.progress.pop(id, None)
        self.previews.pop(id, None)
        self._queue.add(replace(back, turn=min(back.turn, self._first_turn())))
        self._record(back, [("job.requeued", {"reason": reason})])
        self.wake()

    def _first_turn(self) -> float:
        waiting = self._queue.list()
        return waiting[0].turn - 1 if waiting else 0.0

    def cancelled_by_force(self, id: str) -> None:
        """Its worker was killed because it did not stop."""
        job = self.running.get(id)
        if job is not None:
            self._end(replace(job, state="cancelled", finished=time.time()), "job.cancelled", {})

    def _fail(
        self, job: Job, error: JobError, problems: list[dict[str, Any]] | None = None
    ) -> None:
        report = replace(job.report, error=error, problems=problems or [])
        job = replace(job, state="failed", finished=time.time(), report=report)
        data = {"error": to_builtins(error), "failures": to_builtins(report.failures),
                "problems": report.problems}  # fmt: skip
        self._end(job, "job.failed", data)

    def _end(self, job: Job, event: str, data: dict[str, Any]) -> None:
        self.counts[job.state] += 1

        def kept() -> None:
            self.running.pop(job.id, None)
            self.progress.pop(job.id, None)
            self.previews.pop(job.id, None)
            waiting = self._ending.pop(job.id, None)
            if waiting is not None:
                waiting.set()

        self.running[job.id] = job
        self._record(job, [(event, data)], then=kept)
        if job.number % 500 == 0:
            self._database.post(lambda c: rows.trim(c, *self._keep))

    def _event(self, job: Job, type: str, data: dict[str, Any]) -> Event:
        return self._events.make(type, data, job.user, job.id, job.client)

    def _record(
        self, job: Job | None, told: list[tuple[str, dict[str, Any]]], about: Job | None = None,
        then: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Store a job's state and events in one transaction, then send the events."""
        subject = job or about
        assert subject is not None
        events = [self._event(subject, type, data) for type, data in told]

        def keep(connection: Any) -> None:
            if job is not None:
                rows.update(connection, job)
            self._events.keep(connection, events)

        def done() -> None:
            self._events.broadcast(events)
            then()

        self._database.post(keep, done)


def told(made: Mapping[str, Shown]) -> dict[str, Any]:
    """What output nodes made, as events carry it."""
    return {node: to_builtins(shown) for node, shown in made.items()}


def error_of(message: Ended) -> JobError:
    """A failed job's reason in one line."""
    if message.failures:
        first = message.failures[0]
        return JobError("node_failed", first.message, first.node, first.type)
    problems = json.decode(message.problems or b"[]")
    text = problems[0].get("message", "") if problems else "no reason is known"
    return JobError("invalid_workflow", text)
