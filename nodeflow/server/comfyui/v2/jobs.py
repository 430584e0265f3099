"""`/api/v2/jobs`: submit, list, watch, cancel."""

import uuid
from typing import Any

from msgspec import Raw, Struct, json

from nodeflow.server.comfyui.body import body_of, whole
from nodeflow.server.comfyui.record import graphs_of
from nodeflow.server.comfyui.v2.assets import place_of
from nodeflow.server.comfyui.v2.shape import STATUS, labels, resource, time_of
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import DOCUMENT, Call, Reply
from nodeflow.server.jobs.job import ENDED, Job, Options, Submission, Wanted
from nodeflow.server.process.questions import AskPrompt

PAGE, LABELS = 100, 16
KEYS = uuid.UUID("5b0f2c0e-6f4e-5d0e-9b7f-3f1d3b7a9c11")
"""The name space of jobs that have an idempotency key."""


class Posted(Struct, frozen=True):
    """A graph, and labels of the client's own. Secrets in `extra_data` are not looked at."""

    workflow: dict[str, Any] | None = None
    metadata: dict[str, str] | None = None


async def with_files(call: Call, graph: dict[str, Any]) -> dict[str, Any]:
    """The graph with names of files where it refers to assets. Raises Fault."""
    made: dict[str, Any] = {}
    for name, node in graph.items():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        if not isinstance(inputs, dict):
            made[name] = node
            continue
        named = dict(inputs)
        for key, value in inputs.items():
            if isinstance(value, dict) and value.get("__type") == "core/ASSET":
                info = value.get("info")
                id = info.get("id") if isinstance(info, dict) else None
                try:
                    named[key] = (await place_of(call, str(id))).name
                except Fault:
                    detail = f"node {name}, input {key}: there is no asset '{id}'"
                    raise Fault(422, "missing_asset", detail) from None
        made[name] = {**node, "inputs": named}
    return made


async def post(call: Call) -> Reply[Any]:
    """Check a graph and queue it."""
    posted = await body_of(call, Posted, DOCUMENT)
    graph = posted.workflow
    if graph is None:
        raise Fault(422, "invalid_workflow", "the body: 'workflow' is missing")
    if isinstance(graph.get("nodes"), list):
        raise Fault(422, "workflow_format_ui", "this is the editor's form; export the API form")
    document = json.encode({"prompt": await with_files(call, graph)})
    answer = await call.state.inspector.ask(AskPrompt(document, None, call.user))
    found = json.decode(answer.body)
    if found["error"] is not None or found["node_errors"]:
        said = [
            f"Node {node} ({errors['class_type']}): {error['message']} ({error['details']})"
            for node, errors in found["node_errors"].items()
            for error in errors["errors"]
        ]
        whole_graph = found["error"] or {}
        words = said[0] if said else f"{whole_graph['message']} {whole_graph['details']}".strip()
        errors = found["node_errors"]
        raise Fault(422, "invalid_workflow", words, node_errors=errors)
    labelled = posted.metadata or {}
    if len(labelled) > LABELS or any(len(k) > 100 or len(v) > 500 for k, v in labelled.items()):
        raise Fault(422, "metadata_invalid", f"at most {LABELS} labels of 500 characters")
    job = await submitted(call, document, tuple(found["outputs"]), labelled)
    return Reply(await resource(call, job), 201)


async def submitted(
    call: Call, document: bytes, outputs: tuple[str, ...], metadata: dict[str, str]
) -> Job:
    """The job; a key that was used already is refused."""
    key = call.request.headers.get("Idempotency-Key")
    id = str(uuid.uuid5(KEYS, f"{call.user}\n{key}") if key else uuid.uuid4())
    if key and await call.state.core.find(id, call.user) is not None:
        raise Fault(422, "idempotency_key_reuse", "a job was submitted with this key already")
    options = Options(only=outputs, lenient=True, extra={"labels": metadata})
    return await call.state.core.submit(
        Submission(document, id, call.user, "api-v2", options=options)
    )


async def found_job(call: Call) -> Job:
    """The job that the path names. Raises Fault."""
    job = await call.state.core.find(call.part("id"), call.user)
    if job is None:
        raise Fault(404, "not_found", "there is no such job")
    return job


async def one(call: Call) -> dict[str, Any]:
    """A job as it stands."""
    return await resource(call, await found_job(call))


async def cancel(call: Call) -> dict[str, Any]:
    """Stop a job; one that has ended stays as it is."""
    job = await found_job(call)
    if job.state not in ENDED:
        call.state.core.cancel(job)
        job = await call.state.core.wait(job.id, call.user, 0.05) or job
    shown = await resource(call, job)
    return shown if job.state in ENDED else {**shown, "status": "canceling"}


async def workflow(call: Call) -> dict[str, Any]:
    """The graph behind a job."""
    job = await found_job(call)
    graph: Raw = (await graphs_of(call, [job]))[job.document]
    return {"workflow": graph, "format": "api"}


async def jobs(call: Call) -> dict[str, Any]:
    """A page, newest first; `metadata[key]=value` keeps those with that label."""
    query = call.request.query
    limit = max(1, min(whole(call, "limit", PAGE) or PAGE, 1000))
    cursor = whole(call, "cursor", 2**62) or 0
    wanted = {
        name[9:-1]: value
        for name, value in query.items()
        if name.startswith("metadata[") and name.endswith("]")
    }
    every = Wanted(call.user, tuple(STATUS))
    found = await call.state.core.history(every, max(0, min(cursor, 2**62)), limit)
    page = [call.state.core.live(job.id) or job for job in found]
    shown = [
        {
            "id": job.id, "status": STATUS[job.state], "create_time": time_of(job.created),
            "update_time": time_of(job.finished or job.started or job.created),
            "metadata": labels(job),
        }
        for job in page
        if all(labels(job).get(key) == value for key, value in wanted.items())
    ]  # fmt: skip
    following = {"next_cursor": str(page[-1].number)} if len(page) == limit else {}
    return {"jobs": shown, **following}
