"""Jobs, the queue, events."""

from typing import Any, Literal, TypedDict

from nodeflow.server.api.answers.problem import Problem
from nodeflow.server.jobs.job import JobError, Progress, State, Variant
from nodeflow.server.process.messages import Failure, NodeReport


class StoredFile(TypedDict):
    """A file that a job made; path below its folder."""

    path: str
    folder: Literal["output", "temp", "input"]
    media_type: str
    size: int
    sha256: str
    url: str


class Made(TypedDict):
    """What an output node made."""

    files: list[StoredFile]
    text: list[str]


class JobSummary(TypedDict):
    """A job. position: how many come before it; attempts: how often it was started."""

    id: str
    number: int
    state: State
    priority: int
    position: int | None
    client: str
    user: str
    workflow: str
    name: str
    created: float
    started: float | None
    finished: float | None
    attempts: int
    retry_of: str | None
    variant: Variant | None
    progress: Progress | None
    outputs: dict[str, Made]
    error: JobError | None
    problems: list[Problem]
    seconds: float


class JobShown(JobSummary):
    """A job with how each of its nodes ended."""

    nodes: dict[str, NodeReport]
    failures: tuple[Failure, ...]


class Jobs(TypedDict):
    """Jobs, newest first; next: what to give as `before` for those after them."""

    jobs: list[JobSummary]
    next: int | None


class Queue(TypedDict):
    """What runs, what waits in its order, what is paused; total: how many wait."""

    paused: bool
    running: list[JobSummary]
    queued: list[JobSummary]
    total: int
    held: list[JobSummary]


class QueueState(TypedDict):
    """Whether further jobs are started."""

    paused: bool


class Event(TypedDict):
    """A durable event; data by its type."""

    seq: int
    at: float
    type: str
    job: str | None
    client: str | None
    data: dict[str, Any]


class JobEvents(TypedDict):
    """The events of a job, oldest first."""

    events: list[Event]


class Cancelled(TypedDict):
    """The ids of the jobs that were told to stop."""

    cancelled: list[str]


class Deleted(TypedDict):
    """How many jobs were forgotten."""

    deleted: int
