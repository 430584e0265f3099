"""Jobs: post, list, wait, cancel, retry, move; the queue."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct, json, to_builtins
from msgspec.structs import asdict

from nodeflow.server.api.files import file_url
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import DOCUMENT, Call, Reply, Route
from nodeflow.server.jobs.job import ENDED, Job, Options, Submission
from nodeflow.server.process.questions import AskCheck, AskConvert

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Label = Annotated[str, Meta(max_length=200)]
Priority = Annotated[int, Meta(ge=-1000, le=1000)]
Seconds = Annotated[float, Meta(ge=0, le=60)]


class SubmitJob(Struct, forbid_unknown_fields=True, frozen=True):
    """A document to run. document: ours or ComfyUI's API graph, or a string with its text."""

    document: Raw
    inputs: dict[str, Any] = {}
    set: dict[str, Any] = {}
    only: tuple[str, ...] = ()
    priority: Priority = 0
    front: bool = False
    client: Label = ""
    id: Id | None = None
    workflow: Label = ""
    again: bool = False
    wait: Seconds = 0.0


class JobFilter(Struct, frozen=True, forbid_unknown_fields=True):
    """Which jobs. state: names with commas."""

    state: str = ""
    client: str = ""
    workflow: str = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    before: Annotated[int, Meta(ge=0, le=2**62)] = 2**62


class QueueFilter(Struct, frozen=True, forbid_unknown_fields=True):
    """How many of the waiting jobs."""

    limit: Annotated[int, Meta(ge=0, le=10_000)] = 1000


class Wait(Struct, frozen=True, forbid_unknown_fields=True):
    """How long to wait for the end."""

    wait: Seconds = 0.0


class CancelMany(Struct, frozen=True, forbid_unknown_fields=True):
    """Which jobs to cancel."""

    ids: tuple[str, ...] | None = None
    states: tuple[Literal["queued", "running", "paused"], ...] = ("queued", "running", "paused")
    client: str = ""


class MoveJob(Struct, frozen=True, forbid_unknown_fields=True):
    """A new place: one of the three."""

    to: Literal["front", "back"] | None = None
    before: str | None = None
    after: str | None = None


class ChangeJob(Struct, frozen=True, forbid_unknown_fields=True):
    """What of a waiting job can change."""

    priority: Priority


class ClearHistory(Struct, frozen=True, forbid_unknown_fields=True):
    """Which ended jobs to forget."""

    states: tuple[Literal["done", "failed", "cancelled"], ...] = ("done", "failed", "cancelled")
    before: Annotated[int, Meta(ge=0, le=2**62)] = 2**62


class Converted(Struct, frozen=True):
    """The inspector's answer to `AskConvert`."""

    document: Raw


def shown(call: Call, job: Job, full: bool = True) -> dict[str, Any]:
    """A job as the API gives it."""
    core, report = call.state.core, job.report
    outputs = {
        node: {
            "files": [{**asdict(f), "url": file_url(f.folder, f.path)} for f in made.files],
            "text": list(made.text),
        }
        for node, made in report.outputs.items()
    }
    data: dict[str, Any] = {
        "id": job.id, "number": job.number, "state": job.state, "priority": job.priority,
        "position": core.position(job.id), "client": job.client, "user": job.user,
        "workflow": job.workflow, "name": job.name, "created": job.created,
        "started": job.started, "finished": job.finished, "attempts": job.attempts,
        "retry_of": job.options.retry_of or None, "progress": core.progress.get(job.id),
        "outputs": outputs, "error": to_builtins(report.error), "problems": report.problems,
        "seconds": report.seconds,
    }  # fmt: skip
    if full:
        data["nodes"] = to_builtins(report.nodes)
        data["failures"] = to_builtins(report.failures)
    return data


async def found(call: Call) -> Job:
    """The job that the path names. Raises Fault."""
    job = await call.state.core.find(call.part("id"), call.user)
    if job is None:
        raise Fault(404, "not_found", f"there is no job '{call.part('id')}'")
    return job


async def submit(call: Call, body: SubmitJob) -> Reply:
    """Check a document and queue it; the job is on disk when this answers."""
    if body.document == Raw(b""):
        raise Fault(400, "bad_request", "the body: 'document' is missing")
    question = AskCheck(
        bytes(body.document), json.encode(body.inputs), json.encode(body.set), body.only, call.user
    )
    answer = await call.state.inspector.ask(question)
    checked = json.decode(answer.body)
    if not checked["valid"]:
        problems = checked["problems"]
        detail = problems[0]["message"] if len(problems) == 1 else f"{len(problems)} problems"
        raise Fault(422, "invalid_workflow", detail, json.encode(problems))
    core = call.state.core
    job = await core.submit(
        Submission(
            answer.blob, body.id or "", call.user, body.client, body.workflow,
            checked.get("name") or "", body.priority, body.front,
            Options(body.only, body.again),
        )
    )  # fmt: skip
    if body.wait:
        job = await core.wait(job.id, call.user, body.wait) or job
    return Reply(shown(call, job), 200 if job.state in ENDED else 202)


async def list_jobs(call: Call, query: JobFilter) -> dict[str, Any]:
    """Jobs, newest first."""
    states = tuple(filter(None, query.state.split(","))) or ("queued", "running", "paused", *ENDED)
    jobs = await call.state.core.history(
        call.user, states, query.client, query.workflow, query.before, query.limit
    )
    live = call.state.core.live
    following = jobs[-1].number if len(jobs) == query.limit else None
    return {"jobs": [shown(call, live(j.id) or j, False) for j in jobs], "next": following}


async def queue(call: Call, query: QueueFilter) -> dict[str, Any]:
    """What runs and what waits, in order; of the waiting ones the first."""
    core = call.state.core
    mine = [j for j in core.waiting() if call.user in ("", j.user)]
    total, mine = len(mine), mine[: query.limit]
    running = [j for j in core.running.values() if call.user in ("", j.user)]
    return {
        "paused": core.paused,
        "running": [shown(call, job, False) for job in running],
        "queued": [shown(call, job, False) for job in mine],
        "total": total,
        "held": [shown(call, j, False) for j in core.held() if call.user in ("", j.user)],
    }


async def pause(call: Call) -> dict[str, bool]:
    """Start no further job; what runs goes on."""
    call.state.core.pause(True)
    return {"paused": True}


async def resume(call: Call) -> dict[str, bool]:
    """Go on."""
    call.state.core.pause(False)
    return {"paused": False}


async def one(call: Call, query: Wait) -> dict[str, Any]:
    """A job; with `wait` once it has ended or the time is over."""
    job = await found(call)
    return shown(call, await call.state.core.wait(job.id, call.user, query.wait) or job)


async def document(call: Call) -> Reply:
    """The exact document that was run; what came as ComfyUI's graph is given in our form."""
    job = await found(call)
    body = await call.state.core.document(job)
    if job.options.lenient:
        answer = await call.state.inspector.ask(AskConvert(body))
        return Reply(json=bytes(json.decode(answer.body, type=Converted).document))
    return Reply(json=body)


async def events(call: Call) -> Reply:
    """All durable events of a job."""
    job = await found(call)
    texts = await call.state.events.of_job(job.id)
    return Reply(json=b'{"events": [' + b",".join(texts) + b"]}")


async def cancel(call: Call) -> dict[str, Any]:
    """Stop a job; one that has ended stays as it is."""
    job = await found(call)
    call.state.core.cancel(job)
    patience = 0.05 if job.state == "running" else 5.0
    return shown(call, await call.state.core.wait(job.id, call.user, patience) or job)


async def cancel_many(call: Call, body: CancelMany) -> dict[str, Any]:
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


async def hold(call: Call) -> dict[str, Any]:
    """Pause a job; a running one stops at its next step, which is recorded."""
    job = await found(call)
    if job.state in ENDED:
        raise Fault(409, "conflict", "the job has ended")
    call.state.core.hold(job)
    return shown(call, call.state.core.live(job.id) or job)


async def release(call: Call) -> dict[str, Any]:
    """Let a paused job go on."""
    return shown(call, call.state.core.release(await found(call)))


async def retry(call: Call) -> dict[str, Any]:
    """Run the same document again as a new job."""
    return shown(call, await call.state.core.retry(await found(call)))


async def move(call: Call, body: MoveJob) -> dict[str, Any]:
    """Give a waiting job another place."""
    job = await found(call)
    core = call.state.core
    if body.before is not None:
        return shown(call, core.move(job.id, "before", body.before))
    if body.after is not None:
        return shown(call, core.move(job.id, "after", body.after))
    if body.to is None:
        raise Fault(400, "bad_request", "the body: give to, before or after")
    return shown(call, core.move(job.id, body.to))


async def change(call: Call, body: ChangeJob) -> dict[str, Any]:
    """Change a waiting job's priority."""
    job = await found(call)
    return shown(call, call.state.core.prioritise(job.id, body.priority))


async def delete(call: Call) -> None:
    """Forget an ended job; its files stay."""
    job = await found(call)
    if job.state not in ENDED:
        raise Fault(409, "conflict", "cancel the job first")
    await call.state.core.delete([job.id], call.user)


async def clear(call: Call, body: ClearHistory) -> dict[str, int]:
    """Forget ended jobs; their files stay."""
    return {"deleted": await call.state.core.clear(call.user, body.states, body.before)}


BASE = "/api/v1/jobs"
ROUTES = [
    Route("POST", BASE, submit, status=202, limit=DOCUMENT),
    Route("GET", BASE, list_jobs),
    Route("POST", f"{BASE}/cancel", cancel_many),
    Route("GET", f"{BASE}/{{id}}", one),
    Route("PATCH", f"{BASE}/{{id}}", change),
    Route("DELETE", f"{BASE}/{{id}}", delete, status=204),
    Route("GET", f"{BASE}/{{id}}/document", document),
    Route("GET", f"{BASE}/{{id}}/events", events),
    Route("POST", f"{BASE}/{{id}}/cancel", cancel),
    Route("POST", f"{BASE}/{{id}}/pause", hold),
    Route("POST", f"{BASE}/{{id}}/resume", release),
    Route("POST", f"{BASE}/{{id}}/retry", retry, status=202),
    Route("POST", f"{BASE}/{{id}}/move", move),
    Route("GET", "/api/v1/queue", queue),
    Route("POST", "/api/v1/queue/pause", pause),
    Route("POST", "/api/v1/queue/resume", resume),
    Route("POST", "/api/v1/history/clear", clear),
]
