"""`/jobs`: queue and history as one list."""

from typing import Any

from msgspec import Raw, Struct

from nodeflow.server.comfyui.body import body_of, whole
from nodeflow.server.comfyui.queue import running, waiting
from nodeflow.server.comfyui.record import (
    extra_data,
    graphs_of,
    messages_of,
    milliseconds,
    number_of,
    outputs_of,
    plain,
    status_of,
)
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call
from nodeflow.server.jobs.job import ENDED, Job
from nodeflow.server.store import jobs as rows

STATUS = {
    "queued": "pending", "running": "in_progress", "done": "completed", "failed": "failed",
    "cancelled": "cancelled", "paused": "pending",
}  # fmt: skip
SORTS = {
    "created_at": "created",
    "execution_duration": "coalesce(finished - started, 0)",
}
MOST = 1000
TEXT_PREVIEW = 1024


class Cancel(Struct, frozen=True):
    """Which to stop."""

    job_ids: tuple[str, ...]


def choice(call: Call, name: str, default: str, allowed: tuple[str, ...]) -> str:
    """A word of the query. Raises Fault for one that is not allowed."""
    given = (call.request.query.get(name) or default).lower()
    if given not in allowed:
        raise Fault(400, "bad_request", f"the query: {name} is one of {', '.join(allowed)}")
    return given


def preview_of(outputs: dict[str, Any]) -> dict[str, Any] | None:
    """What stands for a job in a list: a saved picture, else another, else a text."""
    files = [
        {**file, "nodeId": node, "mediaType": kind}
        for node, made in outputs.items()
        for kind, items in made.items()
        for file in items
        if kind == "images"
    ]
    saved = next((file for file in files if file["type"] == "output"), None)
    texts = [
        {"content": text[:TEXT_PREVIEW], "nodeId": node, "mediaType": "text"}
        for node, made in outputs.items()
        for text in made.get("text", ())
    ]
    return saved or next(iter(files), None) or next(iter(texts), None)


def summary(job: Job) -> dict[str, Any]:
    """A job in the list, without what is not known yet."""
    outputs = outputs_of(job)
    failed = job.state == "failed"
    counts = [len(items) for made in outputs.values() for k, items in made.items() if k != "text"]
    found = {
        "id": job.id, "status": STATUS[job.state], "priority": plain(number_of(job)),
        "create_time": milliseconds(job.created),
        "execution_start_time": milliseconds(job.started),
        "execution_end_time": milliseconds(job.finished) if job.started else None,
        "execution_error": messages_of(job)[-1][1] if failed else None,
        "outputs_count": sum(counts), "preview_output": preview_of(outputs),
        "workflow_id": job.workflow or None,
    }  # fmt: skip
    return {key: value for key, value in found.items() if value is not None}


async def jobs(call: Call) -> dict[str, Any]:
    """A page of the list, newest first where nothing else is asked for."""
    query = call.request.query
    asked = {word.strip().lower() for word in query.get("status", "").split(",")} - {""}
    if wrong := asked - set(STATUS.values()):
        known = ", ".join(STATUS.values())
        raise Fault(400, "bad_request", f"the query: status {sorted(wrong)} is not one of {known}")
    states = [state for state, status in STATUS.items() if not asked or status in asked]
    sort = SORTS[choice(call, "sort_by", "created_at", tuple(SORTS))]
    order = choice(call, "sort_order", "desc", ("asc", "desc"))
    limit, offset = whole(call, "limit"), max(0, whole(call, "offset", 0) or 0)
    if limit is not None and limit < 1:
        raise Fault(400, "bad_request", "the query: limit is a positive number")
    marks = ", ".join("?" * len(states))
    where = f"(? = '' or user = ?) and state in ({marks})"
    arguments: list[object] = [call.user, call.user, *states]
    if workflow := query.get("workflow_id"):
        where, arguments = f"{where} and workflow = ?", [*arguments, workflow]
    tail = f"order by {sort} {order}, number {order} limit {min(limit or MOST, MOST)}"
    database, first = call.state.database, min(offset, 2**62)
    found = await database.read(
        lambda c: rows.select(c, where, arguments, f"{tail} offset {first}")
    )
    counted = await database.read(
        lambda c: c.execute(f"select count(*) from jobs where {where}", arguments).fetchone()
    )
    total = int(counted[0])
    live = call.state.core.live
    return {
        "jobs": [summary(live(job.id) or job) for job in found],
        "pagination": {
            "offset": offset, "limit": limit, "total": total,
            "has_more": offset + len(found) < total,
        },
    }  # fmt: skip


async def one(call: Call) -> dict[str, Any]:
    """A job with its prompt and, once it has run, its outputs."""
    job = await call.state.core.find(call.part("id"), call.user)
    if job is None:
        raise Fault(404, "not_found", "there is no such job")
    graphs: dict[str, Raw] = await graphs_of(call, [job])
    found = {
        **summary(job),
        "workflow": {"prompt": graphs[job.document], "extra_data": extra_data(job)},
    }
    if job.state in ENDED:
        found |= {"outputs": outputs_of(job), "execution_status": status_of(job)}
    return found


def stop(call: Call, ids: tuple[str, ...]) -> bool:
    """Cancel those that wait or run; whether there was one."""
    chosen = [job for job in [*running(call), *waiting(call)] if job.id in ids]
    for job in chosen:
        call.state.core.cancel(job)
    return bool(chosen)


async def cancel(call: Call) -> dict[str, bool]:
    """Stop one."""
    return {"cancelled": stop(call, (call.part("id"),))}


async def cancel_many(call: Call) -> dict[str, bool]:
    """Stop several."""
    return {"cancelled": stop(call, (await body_of(call, Cancel)).job_ids)}
