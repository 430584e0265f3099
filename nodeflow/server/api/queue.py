"""The queue and the history as a whole."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nodeflow.server.api.answers.jobs import Cancelled, Deleted, Queue, QueueState
from nodeflow.server.api.jobs import summary
from nodeflow.server.http.route import Call, Route


class QueueFilter(Struct, frozen=True, forbid_unknown_fields=True):
    """How many of the waiting jobs."""

    limit: Annotated[int, Meta(ge=0, le=10_000)] = 1000


class CancelMany(Struct, frozen=True, forbid_unknown_fields=True):
    """Which jobs to cancel."""

    ids: tuple[str, ...] | None = None
    states: tuple[Literal["queued", "running", "paused"], ...] = ("queued", "running", "paused")
    client: str = ""


class ClearHistory(Struct, frozen=True, forbid_unknown_fields=True):
    """Which ended jobs to forget."""

    states: tuple[Literal["done", "failed", "cancelled"], ...] = ("done", "failed", "cancelled")
    before: Annotated[int, Meta(ge=0, le=2**62)] = 2**62


async def queue(call: Call, query: QueueFilter) -> Queue:
    """What runs and what waits, in order; of the waiting ones the first."""
    core = call.state.core
    mine = [j for j in core.waiting() if call.user in ("", j.user)]
    total, mine = len(mine), mine[: query.limit]
    running = [j for j in core.running.values() if call.user in ("", j.user)]
    return {
        "paused": core.paused,
        "running": [summary(call, job) for job in running],
        "queued": [summary(call, job) for job in mine],
        "total": total,
        "held": [summary(call, j) for j in core.held() if call.user in ("", j.user)],
    }


async def pause(call: Call) -> QueueState:
    """Start no further job; what runs goes on."""
    call.state.core.pause(True)
    return {"paused": True}


async def resume(call: Call) -> QueueState:
    """Go on."""
    call.state.core.pause(False)
    return {"paused": False}


async def cancel_many(call: Call, body: CancelMany) -> Cancelled:
    """Stop several."""
    core = call.state.core
    live = [*core.running.values(), *core.waiting(), *core.held()]
    chosen = [
        job
        for job in live
        if call.user in ("", job.user)
        and job.state in body.states
        and (body.ids is None or job.id in body.ids)
        and body.client in ("", job.client)
    ]
    for job in chosen:
        core.cancel(job)
    return {"cancelled": [job.id for job in chosen]}


async def clear(call: Call, body: ClearHistory) -> Deleted:
    """Forget ended jobs; their files stay."""
    return {"deleted": await call.state.core.clear(call.user, body.states, body.before)}


ROUTES = [
    Route("GET", "/api/v1/queue", queue),
    Route("POST", "/api/v1/queue/pause", pause),
    Route("POST", "/api/v1/queue/resume", resume),
    Route("POST", "/api/v1/jobs/cancel", cancel_many),
    Route("POST", "/api/v1/history/clear", clear),
]
