"""The order in which jobs run: by priority, then in fair turns between clients."""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterator

from msgspec.structs import replace

from nodeflow.server.jobs.job import Job

Order = tuple[int, float, int]
CLIENTS = 10_000


class JobQueue:
    """Waiting jobs in one total order.

    A new job's turn is one after its client's last of that priority (start-time fair queueing):
    a client who posts a hundred jobs has them one round apart, and another's first comes next.
    """

    def __init__(self) -> None:
        self._orders: list[tuple[Order, str]] = []
        self._jobs: dict[str, Job] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._last: dict[tuple[int, str, str], float] = {}
        self._now: defaultdict[int, float] = defaultdict(float)

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, id: str) -> bool:
        return id in self._jobs

    def __iter__(self) -> Iterator[Job]:
        return (self._jobs[id] for _, id in self._orders)

    def turn_for(self, priority: int, user: str, client: str) -> float:
        """The turn of this client's next job."""
        who, now = (priority, user, client), self._now[priority]
        turn = max(now, self._last.get(who, now - 1) + 1)
        self._last[who] = turn
        if len(self._last) > CLIENTS:
            self._last = {k: last for k, last in self._last.items() if last > self._now[k[0]]}
        return turn

    def restore(self, job: Job) -> None:
        """Put a job in the place that an earlier queue gave it; jobs come in their order."""
        who = (job.priority, job.user, job.client)
        self._now.setdefault(job.priority, job.turn)
        self._last[who] = max(job.turn, self._last.get(who, job.turn))
        self.add(job)

    def get(self, id: str) -> Job | None:
        """A waiting job, or None."""
        return self._jobs.get(id)

    def add(self, job: Job) -> None:
        """Put a job in its place."""
        self._jobs[job.id] = job
        self._counts[job.user, job.client] += 1
        insort(self._orders, (job.order, job.id))

    def take(self, id: str) -> Job | None:
        """Take a job out, or None."""
        job = self._jobs.pop(id, None)
        if job is not None:
            del self._orders[bisect_left(self._orders, (job.order, id))]
            self._counts[job.user, job.client] -= 1
            if not self._counts[job.user, job.client]:
                del self._counts[job.user, job.client]
        return job

    def next(self) -> Job | None:
        """Take out the first."""
        if not self._orders:
            return None
        job = self.take(self._orders[0][1])
        assert job is not None
        self._now[job.priority] = max(self._now[job.priority], job.turn)
        return job

    def position(self, id: str) -> int | None:
        """0 for the next job."""
        job = self._jobs.get(id)
        return None if job is None else bisect_left(self._orders, (job.order, id))

    def count(self, user: str, client: str) -> int:
        """Waiting jobs of a client."""
        return self._counts[user, client]

    def place(self, job: Job, place: int) -> list[Job]:
        """Put a job at that place of the queue; gives all that changed, that job first."""
        before, after = self._at(place - 1), self._at(place)
        if before is not None and after is not None and before.priority == after.priority:
            turn = (before.turn + after.turn) / 2
            if not before.turn < turn < after.turn:
                return self._place_again(job, before)
            job = replace(job, priority=after.priority, turn=turn)
        elif after is not None:
            job = replace(job, priority=after.priority, turn=after.turn - 1)
        elif before is not None:
            job = replace(job, priority=before.priority, turn=before.turn + 1)
        self.add(job)
        return [job]

    def _place_again(self, job: Job, before: Job) -> list[Job]:
        """Between two turns there is no number left: all of that priority get whole ones."""
        same = [other for other in self if other.priority == before.priority]
        first = same[0].turn
        same.insert(same.index(before) + 1, job)
        changed = [
            replace(other, priority=before.priority, turn=first + i) for i, other in enumerate(same)
        ]
        for other in changed:
            self.take(other.id)
            self.add(other)
        return sorted(changed, key=lambda other: other.id != job.id)

    def _at(self, place: int) -> Job | None:
        if 0 <= place < len(self._orders):
            return self._jobs[self._orders[place][1]]
        return None
