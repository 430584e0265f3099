"""Jobs: post, list, wait, cancel, retry, move."""

import typing
from typing import Annotated, Any, Literal, cast

from msgspec import Meta, Raw, Struct, json

from nodeflow.graph.nearest import nearest
from nodeflow.server.api.answers.jobs import (
    JobEvents,
    Jobs,
    JobShown,
    JobSummary,
    Made,
    StoredFile,
)
from nodeflow.server.api.answers.problem import Problem
from nodeflow.server.api.files import file_url
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import DOCUMENT, Call, Reply, Route
from nodeflow.server.jobs.job import ENDED, Job, Options, State, Submission, Variant, Wanted
from nodeflow.server.process.messages import Artifact
from nodeflow.server.process.questions import AskCheck, AskConvert

STATES: tuple[State, ...] = typing.get_args(State)
_ANY = f"({'|'.join(STATES)})"
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Label = Annotated[str, Meta(max_length=200)]
Priority = Annotated[int, Meta(ge=-1000, le=1000)]
States = Annotated[str, Meta(extra_json_schema={"pattern": rf"^({_ANY}(,{_ANY})*)?$"})]
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
    variant: Variant | None = None
    wait: Seconds = 0.0


class JobFilter(Struct, frozen=True, forbid_unknown_fields=True):
    """Which jobs. state: names with commas. variants: those of sweeps alone.

    search: words in the document's texts, names of models and of workflows, names of the files that
    were made, and whole numbers, as seeds and `#12`.
    """

    state: States = ""
    client: str = ""
    workflow: str = ""
    search: Annotated[str, Meta(max_length=200)] = ""
    variants: bool = False
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    before: Annotated[int, Meta(ge=0, le=2**62)] = 2**62


class Wait(Struct, frozen=True, forbid_unknown_fields=True):
    """How long to wait for the end."""

    wait: Seconds = 0.0


class MoveJob(Struct, frozen=True, forbid_unknown_fields=True):
    """A new place: one of the three."""

    to: Literal["front", "back"] | None = None
    before: str | None = None
    after: str | None = None


class ChangeJob(Struct, frozen=True, forbid_unknown_fields=True):
    """What of a waiting job can change."""

    priority: Priority


class Converted(Struct, frozen=True):
    """The inspector's answer to `AskConvert`."""

    document: Raw


def stored(file: Artifact) -> StoredFile:
    """A file that a job made."""
    return {
        "path": file.path, "folder": file.folder, "media_type": file.media_type,
        "size": file.size, "sha256": file.sha256, "url": file_url(file.folder, file.path),
    }  # fmt: skip


def summary(call: Call, job: Job) -> JobSummary:
    """A job in a list."""
    core, report = call.state.core, job.report
    outputs: dict[str, Made] = {
        node: {
            "files": [stored(file) for file in made.files],
            "text": list(made.text),
        }
        for node, made in report.outputs.items()
    }
    return {
        "id": job.id, "number": job.number, "state": job.state, "priority": job.priority,
        "position": core.position(job.id), "client": job.client, "user": job.user,
        "workflow": job.workflow, "name": job.name, "created": job.created,
        "started": job.started, "finished": job.finished, "attempts": job.attempts,
        "retry_of": job.options.retry_of or None, "variant": job.options.variant,
        "progress": core.progress.get(job.id),
        "outputs": outputs, "error": report.error, "problems": cast(list[Problem], report.problems),
        "seconds": report.seconds,
    }  # fmt: skip


def shown(call: Call, job: Job) -> JobShown:
    """A job by itself."""
    report = job.report
    return {**summary(call, job), "nodes": report.nodes, "failures": report.failures}


async def found(call: Call) -> Job:
    """The job that the path names. Raises Fault."""
    job = await call.state.core.find(call.part("id"), call.user)
    if job is None:
        raise Fault(404, "not_found", f"there is no job '{call.part('id')}'")
    return job


async def submit(call: Call, body: SubmitJob) -> Reply[JobShown]:
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
            Options(body.only, body.again, variant=body.variant),
        )
    )  # fmt: skip
    if body.wait:
        job = await core.wait(job.id, call.user, body.wait) or job
    return Reply(shown(call, job), 200 if job.state in ENDED else 202)


async def list_jobs(call: Call, query: JobFilter) -> Jobs:
    """Jobs, newest first."""
    states = tuple(query.state.split(",")) if query.state else STATES
    for state in states:
        if state not in STATES:
            message, near = f"the query: '{state}' is no state of a job", nearest(state, STATES)
            raise Fault.about(400, "bad_request", message, "state", " | ".join(STATES), near)
    wanted = Wanted(
        call.user, states, query.client, query.workflow, query.variants,
        tuple(query.search.lower().split()),
    )  # fmt: skip
    jobs = await call.state.core.history(wanted, query.before, query.limit)
    live = call.state.core.live
    following = jobs[-1].number if len(jobs) == query.limit else None
    return {"jobs": [summary(call, live(j.id) or j) for j in jobs], "next": following}


async def one(call: Call, query: Wait) -> JobShown:
    """A job; with `wait` once it has ended or the time is over."""
    job = await found(call)
    return shown(call, await call.state.core.wait(job.id, call.user, query.wait) or job)


async def document(call: Call) -> Reply[dict[str, Any]]:
    """The exact document that was run; what came as ComfyUI's graph is given in our form."""
    job = await found(call)
    body = await call.state.core.document(job)
    if job.options.lenient:
        answer = await call.state.inspector.ask(AskConvert(body))
        return Reply(json=bytes(json.decode(answer.body, type=Converted).document))
    return Reply(json=body)


async def events(call: Call) -> Reply[JobEvents]:
    """All durable events of a job."""
    job = await found(call)
    texts = await call.state.events.of_job(job.id)
    return Reply(json=b'{"events": [' + b",".join(texts) + b"]}")


async def cancel(call: Call) -> JobShown:
    """Stop a job; one that has ended stays as it is."""
    job = await found(call)
    call.state.core.cancel(job)
    patience = 0.05 if job.state == "running" else 5.0
    return shown(call, await call.state.core.wait(job.id, call.user, patience) or job)


async def hold(call: Call) -> JobShown:
    """Pause a job; a running one stops at its next step, which is recorded."""
    job = await found(call)
    if job.state in ENDED:
        raise Fault(409, "conflict", "the job has ended")
    call.state.core.hold(job)
    return shown(call, call.state.core.live(job.id) or job)


async def release(call: Call) -> JobShown:
    """Let a paused job go on."""
    return shown(call, call.state.core.release(await found(call)))


async def retry(call: Call) -> JobShown:
    """Run the same document again as a new job."""
    return shown(call, await call.state.core.retry(await found(call)))


async def move(call: Call, body: MoveJob) -> JobShown:
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


async def change(call: Call, body: ChangeJob) -> JobShown:
    """Change a waiting job's priority."""
    job = await found(call)
    return shown(call, call.state.core.prioritise(job.id, body.priority))


async def delete(call: Call) -> None:
    """Forget an ended job; its files stay."""
    job = await found(call)
    if job.state not in ENDED:
        raise Fault(409, "conflict", "cancel the job first")
    await call.state.core.delete([job.id], call.user)


BASE = "/api/v1/jobs"
ROUTES = [
    Route("POST", BASE, submit, status=202, also=(200,), limit=DOCUMENT),
    Route("GET", BASE, list_jobs),
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
]
