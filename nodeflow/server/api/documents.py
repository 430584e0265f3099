"""Documents and node types: describe, validate, plan, convert."""

from typing import Any

from msgspec import Raw, Struct, json
from msgspec.structs import replace

from nodeflow.server.api.answers.documents import (
    Conversion,
    DocumentText,
    NodeType,
    NodeTypes,
    Plan,
    Validated,
)
from nodeflow.server.api.answers.problem import Nothing
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import (
    BYTES,
    DOCUMENT,
    UPLOAD,
    Call,
    Reply,
    Route,
    decode,
    read_body,
)
from nodeflow.server.process.questions import AskCheck, AskConvert, AskNodeTypes, AskPlan, AskYaml


class Checked(Struct, frozen=True, forbid_unknown_fields=True):
    """A document, with values on top of it. workflow, client: as the job would have them, since a
    plan's reasons compare with the last run."""

    document: Raw
    inputs: dict[str, Any] = {}
    set: dict[str, Any] = {}
    only: tuple[str, ...] = ()
    workflow: str = ""
    client: str = ""


class Text(Struct, frozen=True, forbid_unknown_fields=True):
    """A document as text."""

    text: str


class Document(Struct, frozen=True, forbid_unknown_fields=True):
    """A document."""

    document: Raw


async def node_types(call: Call) -> Reply[NodeTypes]:
    """All node types with their inputs and outputs."""
    answer = await call.state.inspector.ask(AskNodeTypes(call.user))
    etag = f'"{json.decode(answer.body[:60].split(b",")[0] + b"}")["digest"]}"'
    if call.request.headers.get("If-None-Match") == etag:
        return Reply(json=b"", status=304, headers={"ETag": etag})
    return Reply(json=answer.body, headers={"ETag": etag, "Cache-Control": "no-cache"})


async def node_type(call: Call) -> NodeType:
    """One node type."""
    answer = await call.state.inspector.ask(AskNodeTypes(call.user))
    id = call.part("id")
    known = json.decode(answer.body, type=NodeTypes)["nodes"]
    found = next((node for node in known if node["id"] == id), None)
    if found is None:
        raise Fault.unknown(f"there is no node type '{id}'", id, (node["id"] for node in known))
    return found


async def refresh(call: Call) -> Reply[Nothing]:
    """Look at plugins, models and files again."""
    call.state.refresh()
    return Reply({}, 202)


def question(kind: Any, call: Call, body: Checked) -> Any:
    """The inspector's question for a body."""
    return kind(
        bytes(body.document) or b"null", json.encode(body.inputs), json.encode(body.set),
        body.only, call.user,
    )  # fmt: skip


async def validate(call: Call, body: Checked) -> Reply[Validated]:
    """Every problem of a document."""
    return Reply(json=(await call.state.inspector.ask(question(AskCheck, call, body))).body)


async def plan(call: Call, body: Checked) -> Reply[Plan]:
    """What running a document would do."""
    device, held = call.state.workers.next()
    asked = replace(
        question(AskPlan, call, body), source=body.workflow, client=body.client,
        device="cpu" if device == "auto" else device, held=held,
    )  # fmt: skip
    return Reply(json=(await call.state.inspector.ask(asked)).body)


async def convert(call: Call) -> Reply[Conversion]:
    """A document out of text, or out of a picture's metadata."""
    request = call.request
    if request.content_type.startswith("image/"):
        asked = AskConvert(await read_body(request, UPLOAD), picture=True)
    elif request.content_type == "application/json":
        body = decode(await read_body(request, DOCUMENT), Text)
        asked = AskConvert(body.text.encode())
    else:
        raise Fault(415, "unsupported_media_type", "send application/json or a picture")
    return Reply(json=(await call.state.inspector.ask(asked)).body)


async def to_yaml(call: Call, body: Document) -> DocumentText:
    """A document as YAML text."""
    answer = await call.state.inspector.ask(AskYaml(bytes(body.document) or b"null"))
    return {"text": answer.blob.decode()}


CONVERTED = {"application/json": Text, "image/*": BYTES}
ROUTES = [
    Route(
        "GET", "/api/v1/node-types", node_types, also=(304,), heeds=("If-None-Match",),
        tells=("ETag",),
    ),
    Route("POST", "/api/v1/node-types/refresh", refresh, status=202),
    Route("GET", "/api/v1/node-types/{id}", node_type),
    Route("POST", "/api/v1/validate", validate, limit=DOCUMENT),
    Route("POST", "/api/v1/plan", plan, limit=DOCUMENT),
    Route("POST", "/api/v1/convert", convert, limit=UPLOAD, takes=CONVERTED),
    Route("POST", "/api/v1/convert/yaml", to_yaml, limit=DOCUMENT),
]  # fmt: skip
