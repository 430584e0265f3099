"""The order in which jobs run: by priority, then in fair turns between clients."""

from bisect import bisect_left, insort

from msgspec.structs import replace

from nodeflow.server.jobs.job import Job

Order = tuple[int, float, int]


class JobQueue:
    """Waiting jobs in one total order.

    A new job's turn is one after its client's last (start-time fair queueing): a client who
    posts a hundred jobs has them one round apart, and another client's first comes next.
    """

    def __init__(self) -> None:
        self._orders: list[tuple[Order, str]] = []
        self._jobs: dict[str, Job] = {}
        self._last: dict[tuple[str, str], float] = {}
        self._now = 0.0

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, id: str) -> bool:
        return id in self._jobs

    def turn_for(self, user: str, client: str) -> float:
        """The turn of this client's next job."""
        turn = max(self._now, self._last.get((user, client), self._now - 1) + 1)
        self._last[user, client] = turn
        if len(self._last) > 10_000:
            self._last = {who: last for who, last in self._last.items() if last > self._now}
        return turn

    def get(self, id: str) -> Job | None:
        """A waiting job, or None."""
        return self._jobs.get(id)

    def add(self, job: Job) -> None:
        """Put a job in its place."""
        self._jobs[job.id] = job
        insort(self._orders, (job.order, job.id))

    def take(self, id: str) -> Job | None:
        """Take a job out, or None."""
        job = self._jobs.pop(id, None)
        if job is not None:
            del self._orders[bisect_left(self._orders, (job.order, id))]
        return job

    def next(self) -> Job | None:
        """Take out the first."""
        if not self._orders:
            return None
        job = self.take(self._orders[0][1])
        assert job is not None
        self._now = max(self._now, job.turn) if job.priority == 0 else self._now
        return job

    def list(self) -> list[Job]:
        """All in order."""
        return [self._jobs[id] for _, id in self._orders]

    def position(self, id: str) -> int | None:
        """0 for the next job."""
        job = self._jobs.get(id)
        return None if job is None else bisect_left(self._orders, (job.order, id))

    def count(self, user: str, client: str) -> int:
        """Waiting jobs of a client."""
        return sum(1 for j in self._jobs.values() if j.user == user and j.client == client)

    def moved(self, job: Job, place: int) -> Job:
        """A copy of a job, taken out before, that belongs at that place of the queue."""
        before = self._at(place - 1)
        after = self._at(place)
        if before is None and after is None:
            return job
        if after is None:
            assert before is not None
            return replace(job, priority=before.priority, turn=before.turn + 1)
        if before is None or before.priority != after.priority:
            return replace(job, priority=after.priority, turn=after.turn - 1)
        return replace(job, priority=after.priority, turn=(before.turn + after.turn) / 2)

    def _at(self, place: int) -> Job | None:
        if 0 <= place < len(self._orders):
            return self._jobs[self._orders[place][1]]
        return None
