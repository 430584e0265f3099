"""`/prompt`: a graph is checked and queued."""

import uuid
from contextlib import suppress
from typing import Any

from msgspec import Raw, Struct, json

from nodeflow.interop.comfyui_errors import error
from nodeflow.server.comfyui.body import body_of
from nodeflow.server.comfyui.queue import remaining
from nodeflow.server.comfyui.record import RESERVED, number_of, plain
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import DOCUMENT, Call, Reply
from nodeflow.server.jobs.job import Job, Options, Submission
from nodeflow.server.process.questions import AskPrompt

LABEL = 200
SECRETS = ("auth_token_comfy_org", "api_key_comfy_org")
"""What clients send along for paid nodes, which are not here: never kept."""


class Posted(Struct, frozen=True):
    """What a client posts. number: its place in the queue, lowest first; front: before all."""

    prompt: Raw = Raw(b"")
    client_id: str | None = None
    prompt_id: str | None = None
    number: float | None = None
    front: bool | None = None
    extra_data: dict[str, Any] | None = None
    partial_execution_targets: tuple[str, ...] | None = None


async def exec_info(call: Call) -> dict[str, Any]:
    """How many jobs are to be done."""
    return {"exec_info": {"queue_remaining": remaining(call)}}


def refused(wrong: dict[str, Any], node_errors: Any = None, status: int = 400) -> Reply[Any]:
    """The answer to a prompt that does not run."""
    return Reply({"error": wrong, "node_errors": node_errors or {}}, status)


async def post(call: Call) -> Reply[Any]:
    """Check a prompt and queue it; it is on disk when this answers."""
    try:
        return await accepted(call, await body_of(call, Posted, DOCUMENT))
    except Fault as fault:
        return refused(error(fault.code, fault.detail), status=fault.status)


async def accepted(call: Call, posted: Posted) -> Reply[Any]:
    """The answer to what was posted. Raises Fault."""
    if posted.prompt == Raw(b""):
        return refused(error("no_prompt", "No prompt provided"))
    document = b'{"prompt":' + bytes(posted.prompt) + b"}"
    asked = AskPrompt(document, posted.partial_execution_targets, call.user)
    found = json.decode((await call.state.inspector.ask(asked)).body)
    if found["error"] is not None:
        return refused(found["error"], found["node_errors"])
    job = await submitted(call, posted, document, tuple(found["outputs"]))
    return Reply(
        {
            "prompt_id": job.id,
            "number": plain(number_of(job)),
            "node_errors": found["node_errors"],
        }
    )


async def submitted(call: Call, posted: Posted, document: bytes, outputs: tuple[str, ...]) -> Job:
    """The job of a sound prompt, in the place that it asks for."""
    data = {key: v for key, v in (posted.extra_data or {}).items() if key not in SECRETS}
    chunks = data.pop("extra_pnginfo", None) or {}
    client = posted.client_id or str(data.pop("client_id", None) or "")
    if len(client) > LABEL:
        raise Fault(400, "invalid_prompt", f"client_id has more than {LABEL} characters")
    options = Options(
        only=outputs, metadata=texts(chunks), lenient=True,
        extra={"number": posted.number, "front": bool(posted.front), "data": data},
    )  # fmt: skip
    id = posted.prompt_id or str(uuid.uuid4())
    if not (len(id) <= 64 and id.isascii() and all(c.isalnum() or c in "_.:-" for c in id)):
        raise Fault(400, "invalid_prompt_id", "prompt_id has letters, digits and _.:-, at most 64")
    front = bool(posted.front) and posted.number is None
    job = await call.state.core.submit(
        Submission(
            document, id, call.user, client, workflow_id(chunks), front=front, options=options
        )
    )
    if posted.number is not None:
        put_in_place(call, job, posted.number)
    return job


def put_in_place(call: Call, job: Job, number: float) -> None:
    """Move a job before the first that has a higher number."""
    core = call.state.core
    later = next((j for j in core.waiting() if j.id != job.id and number_of(j) > number), None)
    with suppress(Fault):  # one of the two has started meanwhile
        if later is None:
            core.move(job.id, "back")
        else:
            core.move(job.id, "before", later.id)


def texts(chunks: Any) -> dict[str, str]:
    """`extra_pnginfo` as the texts of saved pictures. Raises Fault for what no picture can hold."""
    if not isinstance(chunks, dict):
        raise Fault(400, "invalid_prompt", "extra_pnginfo is no object")
    for key in chunks:
        if not (0 < len(key) < 80 and key.isascii() and key.isprintable()):
            raise Fault(400, "invalid_prompt", f"extra_pnginfo: {key[:80]!r} names no text chunk")
    return {
        key: json.encode(value).decode() for key, value in chunks.items() if key not in RESERVED
    }


def workflow_id(chunks: dict[str, Any]) -> str:
    """The id that the client's editor gave to its workflow."""
    workflow = chunks.get("workflow")
    id = workflow.get("id") if isinstance(workflow, dict) else None
    return id[:LABEL] if isinstance(id, str) else ""
