"""The job core: what clients can ask of it. Workers ask its `Course`."""

import asyncio
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Literal

from msgspec.structs import replace

from nodeflow.server.http.fault import Fault
from nodeflow.server.jobs.course import Course
from nodeflow.server.jobs.job import ENDED, Job, State, Submission, Wanted
from nodeflow.server.store.jobs import digest_of

Place = Literal["front", "back", "before", "after"]


class JobCore(Course):
    """Accepts jobs, finds them, changes what happens to them."""

    async def submit(self, asked: Submission) -> Job:
        """Accept a job: it is on disk when this returns. Raises Fault where limits are reached.

        An id that is there already with the same document gives that job, else a conflict.
        """
        if self.closed:
            raise Fault(503, "unavailable", "the server is stopping")
        digest = digest_of(asked.document)
        if asked.id:
            known = await self.find(asked.id, asked.user)
            if known is not None and known.document == digest:
                return known
            if known is not None or not await self._free(asked.id):
                raise Fault(409, "conflict", f"there is another job with the id '{asked.id}'")
        self._check_limits(asked.user, asked.client)
        turn = self._queue.turn_for(asked.priority, asked.user, asked.client)
        job = Job(
            self._archive.next_number(), asked.id or secrets.token_hex(8), asked.user,
            asked.client, asked.workflow, asked.name, digest, asked.options, "queued",
            asked.priority, turn, time.time(),
        )  # fmt: skip
        data = {"number": job.number, "priority": job.priority, "name": job.name,
                "workflow": job.workflow}  # fmt: skip
        if not await self._archive.insert(job, asked.document, ("job.queued", data)):
            return await self.submit(asked)
        if asked.front and len(self._queue):
            return self._place(job, 0)
        self._queue.add(job)
        self.wake()
        return job

    def _check_limits(self, user: str, client: str) -> None:
        limits = self._limits
        if self.backlog >= limits.queue:
            raise Fault(429, "too_many", f"{limits.queue} jobs are waiting already")
        held = sum((job.user, job.client) == (user, client) for job in self._held.values())
        if self._queue.count(user, client) + held >= limits.client:
            raise Fault(429, "too_many", f"{limits.client} jobs of this client are waiting")

    async def _free(self, id: str) -> bool:
        return self.live(id) is None and await self._archive.find(id) is None

    async def find(self, id: str, user: str) -> Job | None:
        """A job of this user, wherever it stands."""
        job = self.live(id) or await self._archive.find(id)
        job = self.live(id) or job
        return job if job is not None and user in ("", job.user) else None

    @property
    def backlog(self) -> int:
        """How many jobs wait or are held."""
        return len(self._queue) + len(self._held)

    def position(self, id: str) -> int | None:
        """How many come before a waiting job."""
        return self._queue.position(id)

    def waiting(self) -> list[Job]:
        """The queue in its order."""
        return list(self._queue)

    def held(self) -> list[Job]:
        """Paused jobs."""
        return list(self._held.values())

    def leaving(self) -> list[Job]:
        """Jobs that have ended, as they were before: the disk does not have their end yet."""
        return list(self._leaving.values())

    @property
    def queued(self) -> int:
        """How many jobs wait."""
        return len(self._queue)

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
        """Take a waiting or paused job out, stop a running one at its next step."""
        taken = self._queue.take(job.id) or self._held.pop(job.id, None)
        if taken is not None:
            self._end(replace(taken, state="cancelled"), "job.cancelled", {})
        elif job.id in self.running:
            self._wishes[job.id] = "cancelled"
            self.interrupt(job.id)

    def hold(self, job: Job) -> None:
        """Pause one job; a running one stops at its next step and goes on from there later."""
        if (taken := self._queue.take(job.id)) is not None:
            self._hold(taken)
        elif job.id in self.running:
            self._wishes.setdefault(job.id, "paused")
            self.interrupt(job.id)

    def release(self, job: Job) -> Job:
        """Let a paused job go on. Raises Fault where it is not paused."""
        held = self._held.pop(job.id, None)
        if held is None:
            raise Fault(409, "conflict", "the job is not paused")
        held = replace(held, state="queued")
        self._queue.add(held)
        self._archive.record(held, [("job.resumed", {})], [held])
        self.wake()
        return held

    async def retry(self, job: Job) -> Job:
        """The same again as a new job."""
        return await self.submit(
            Submission(
                await self.document(job), "", job.user, job.client, job.workflow, job.name,
                job.priority, options=replace(job.options, retry_of=job.id),
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
        return self._place(job, place)

    def _place(self, job: Job, place: int) -> Job:
        changed = self._queue.place(job, place)
        data = {"position": self._queue.position(job.id)}
        self._archive.record(changed[0], [("job.moved", data)], changed)
        self.wake()
        return changed[0]

    def prioritise(self, id: str, priority: int) -> Job:
        """Change a waiting job's priority. Raises Fault where it does not wait."""
        job = self._queue.take(id)
        if job is None:
            raise Fault(409, "conflict", "only a waiting job can be moved")
        turn = self._queue.turn_for(priority, job.user, job.client)
        job = replace(job, priority=priority, turn=turn)
        self._queue.add(job)
        data = {"position": self._queue.position(id)}
        self._archive.record(job, [("job.moved", data)], [job])
        return job

    def pause(self, paused: bool) -> None:
        """Start no further job, or go on; a server that starts again knows."""
        self.paused = paused
        self._archive.pause(paused)
        self.wake()

    def close(self) -> None:
        """Accept and start no job any more; those who wait for an end are told how far it is."""
        self.closed = True
        for event in self._ending.values():
            event.set()

    def trim(self) -> None:
        """Forget what the retention does not keep."""
        self._archive.trim()

    async def delete(self, ids: Iterable[str], user: str) -> int:
        """Forget those of these jobs that have ended."""
        ended = [id for id in ids if self.live(id) is None]
        return await self._archive.delete(ended, user) if ended else 0

    async def clear(self, user: str, states: tuple[State, ...] = ENDED, before: int = 2**62) -> int:
        """Forget a user's ended jobs with numbers below `before`."""
        return await self.delete(await self._archive.ended_ids(user, states, before), user)

    async def history(self, wanted: Wanted, before: int, limit: int) -> list[Job]:
        """Jobs with numbers below `before`, newest first."""
        return await self._archive.history(wanted, before, limit)

    async def prompts(self, user: str, words: list[str]) -> dict[str, str]:
        """Output files of jobs that one of some words is said in, with all that is said there."""
        return await self._archive.prompts(user, words)
