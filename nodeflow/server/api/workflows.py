"""Workflow files of a user, and the templates that ship with the program."""

import asyncio
from pathlib import Path

from aiohttp import web
from msgspec import Raw, Struct, field, json

from nodeflow.node.plugins import builtin_folder
from nodeflow.server.api.answers.problem import Problem
from nodeflow.server.api.answers.workflows import (
    MovedWorkflow,
    Opened,
    OpenedWorkflow,
    Restored,
    SavedWorkflow,
    Template,
    Templates,
    Trash,
    Versions,
)
from nodeflow.server.api.answers.workflows import WorkflowFiles as Listing
from nodeflow.server.api.files import FILE_POLICY
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import DOCUMENT, Call, Reply, Route
from nodeflow.server.process.questions import AskConvert, AskYaml
from nodeflow.server.store.workflows import WorkflowFiles, etag_of

ABSENT = Raw(b"")


class Save(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the two: a document, or its text as it shall stand in the file."""

    document: Raw = field(default_factory=lambda: ABSENT)
    text: str | None = None


class Target(Struct, frozen=True, forbid_unknown_fields=True):
    """Another path."""

    to: str


def files_of(call: Call) -> WorkflowFiles:
    """The workflow files of the user who asks."""
    data = call.state.options.data
    return WorkflowFiles(data / "users" / call.user if call.user else data)


def place_of(call: Call, path: str) -> Path:
    """The file of a path. Raises Fault where it cannot be one."""
    place = files_of(call).place(path)
    if place is None:
        raise Fault(400, "bad_request", "a workflow's path is relative and ends in .yaml or .json")
    return place


def existing(call: Call) -> tuple[str, Path, bytes]:
    """Path, file and content of the workflow that the request names. Raises Fault."""
    path = call.part("path")
    place = place_of(call, path)
    try:
        return path, place, place.read_bytes()
    except OSError:
        known = (name for name, _ in files_of(call).all())
        raise Fault.unknown(f"there is no workflow '{path}'", path, known) from None


async def parsed(call: Call, text: bytes) -> Opened:
    """The document in a text, or None and what is wrong with it."""
    shown = text.decode("utf-8", "replace")
    try:
        answer = await call.state.inspector.ask(AskConvert(text))
    except Fault as fault:
        if fault.status != 422:
            raise
        problems = json.decode(fault.problems, type=list[Problem])
        return {"document": None, "problems": problems, "text": shown}
    return {"document": json.decode(answer.body)["document"], "problems": [], "text": shown}


async def list_workflows(call: Call) -> Listing:
    """All workflow files."""
    found = await asyncio.to_thread(files_of(call).all)
    return {
        "workflows": [
            {
                "path": path, "name": Path(path).stem, "modified": stat.st_mtime,
                "size": stat.st_size,
            }
            for path, stat in found
        ]
    }  # fmt: skip


async def read(call: Call) -> Reply[OpenedWorkflow]:
    """A workflow as document and as text."""
    path, place, text = existing(call)
    etag = etag_of(text)
    modified = place.stat().st_mtime
    data: OpenedWorkflow = {
        **await parsed(call, text), "path": path, "etag": etag, "modified": modified,
    }  # fmt: skip
    return Reply(data, headers={"ETag": etag})


async def save(call: Call, body: Save) -> Reply[SavedWorkflow]:
    """Write a workflow; its ETag must be the one that was read."""
    path = call.part("path")
    place = place_of(call, path)
    unchanged(call, place)
    if body.text is not None:
        text = body.text.encode("utf-8", "surrogatepass")
        if b"\x00" in text:
            raise Fault(422, "invalid_workflow", "a workflow is text")
    elif body.document not in (ABSENT, Raw(b"null")):
        if place.suffix == ".json":
            text = json.format(bytes(body.document), indent=2) + b"\n"
        else:
            text = (await call.state.inspector.ask(AskYaml(bytes(body.document)))).blob
    else:
        raise Fault(400, "bad_request", "the body: give document or text")
    async with call.state.saving:
        before = unchanged(call, place)
        await asyncio.to_thread(files_of(call).save, place, path, text)
    etag = etag_of(text)
    call.state.events.publish("workflow.saved", {"path": path, "etag": etag}, call.user)
    data: SavedWorkflow = {"path": path, "etag": etag, "modified": place.stat().st_mtime}
    return Reply(data, 201 if before is None else 200, {"ETag": etag})


def unchanged(call: Call, place: Path) -> bytes | None:
    """The file's content, None where there is none. Raises Fault where the client thinks other."""
    before = place.read_bytes() if place.is_file() else None
    match = call.request.headers.get("If-Match")
    none = call.request.headers.get("If-None-Match")
    if before is None:
        if match not in (None, "*"):
            raise Fault(412, "precondition_failed", "the file is not there any more")
        return None
    etag = etag_of(before)
    current = {"etag": etag, "modified": place.stat().st_mtime}
    if none == "*":
        raise Fault(412, "precondition_failed", "the file is there already", current=current)
    if match is None:
        raise Fault(428, "precondition_required", "send If-Match with the ETag that was read")
    if match not in ("*", etag):
        message = "the file was changed since it was read"
        raise Fault(412, "precondition_failed", message, current=current)
    return before


async def delete(call: Call) -> None:
    """Move a workflow to the trash."""
    async with call.state.saving:
        path, place, _ = existing(call)
        await asyncio.to_thread(files_of(call).trash, place, path)
    call.state.events.publish("workflow.deleted", {"path": path}, call.user)


async def move(call: Call, body: Target) -> MovedWorkflow:
    """Give a workflow another path."""
    async with call.state.saving:
        path, place, text = existing(call)
        target = place_of(call, body.to)
        if target.is_file():
            raise Fault(409, "conflict", f"there is a workflow '{body.to}' already")
        await asyncio.to_thread(files_of(call).move, place, path, target, body.to)
    etag = etag_of(text)
    moved = {"path": path, "to": body.to, "etag": etag}
    call.state.events.publish("workflow.moved", moved, call.user)
    return {"path": body.to, "etag": etag}


async def versions(call: Call) -> Versions:
    """Older contents, newest first."""
    path, _, _ = existing(call)
    folder = files_of(call).versions_of(path)
    found = sorted(folder.iterdir(), reverse=True) if folder.is_dir() else []
    return {
        "versions": [
            {"id": file.stem, "saved": int(file.stem) / 1e9, "size": file.stat().st_size}
            for file in found
        ]
    }


async def version(call: Call) -> Opened:
    """One older content."""
    path, _, _ = existing(call)
    folder, id = files_of(call).versions_of(path), call.part("id")
    found = next((f for f in folder.iterdir() if f.stem == id), None) if folder.is_dir() else None
    if found is None:
        raise Fault(404, "not_found", f"there is no version '{id}'")
    return await parsed(call, found.read_bytes())


async def trash(call: Call) -> Trash:
    """Deleted workflows."""
    items = await asyncio.to_thread(files_of(call).trashed)
    return {"items": [{"id": id, "path": path, "deleted": at} for id, path, at in items]}


async def restore(call: Call) -> Restored:
    """Take a workflow out of the trash."""
    async with call.state.saving:
        path = await asyncio.to_thread(files_of(call).restore, call.part("id"))
        if path is None:
            raise Fault(404, "not_found", "there is no such item in the trash")
        etag = etag_of(place_of(call, path).read_bytes())
    call.state.events.publish("workflow.restored", {"path": path, "etag": etag}, call.user)
    return {"path": path}


async def templates(call: Call) -> Templates:
    """Workflows that ship with the program."""
    found: list[Template] = []
    for id, file in template_files().items():
        document = (await parsed(call, file.read_bytes()))["document"]
        if document is not None:
            found.append(
                {
                    "id": id,
                    "name": document.get("name") or id,
                    "description": document.get("description") or "",
                    "nodes": len(document["nodes"]),
                }
            )
    return {"templates": found}


async def template(call: Call) -> Opened:
    """One of them."""
    return await parsed(call, template_file(call).read_bytes())


async def template_picture(call: Call) -> web.Response:
    """What it makes as it stands, as WebP."""
    file = template_file(call)
    picture = file.parent / "pictures" / f"{file.stem}.webp"
    headers = {"Content-Security-Policy": FILE_POLICY, "Cache-Control": "private, max-age=600"}
    return web.Response(body=picture.read_bytes(), content_type="image/webp", headers=headers)


FIRST = ("txt2img", "img2img", "inpaint", "outpaint", "hires_fix", "style_lora", "canny_control")
"""What people look for before anything else."""


def template_files() -> dict[str, Path]:
    """Their files by their ids, the best known first."""
    files = sorted(builtin_folder("workflows").glob("*.yaml"))
    found = {file.stem: file for file in files if not file.name.endswith(".test.yaml")}
    return {id: found[id] for id in (*FIRST, *(id for id in found if id not in FIRST))}


def template_file(call: Call) -> Path:
    """The file of the one that is asked for."""
    files = template_files()
    file = files.get(call.part("id"))
    if file is None:
        raise Fault.unknown(f"there is no template '{call.part('id')}'", call.part("id"), files)
    return file


BASE = "/api/v1/workflows"
ONE = BASE + "/{path:.+}"
ROUTES = [
    Route("GET", BASE, list_workflows),
    Route("GET", ONE + "/versions", versions),
    Route("GET", ONE + "/versions/{id}", version),
    Route("POST", ONE + "/move", move),
    Route("GET", ONE, read, tells=("ETag",)),
    Route(
        "PUT", ONE, save, also=(201,), limit=DOCUMENT, heeds=("If-Match", "If-None-Match"),
        tells=("ETag",),
    ),
    Route("DELETE", ONE, delete, status=204),
    Route("GET", "/api/v1/trash", trash),
    Route("POST", "/api/v1/trash/{id}/restore", restore),
    Route("GET", "/api/v1/templates", templates),
    Route("GET", "/api/v1/templates/{id}", template),
    Route("GET", "/api/v1/templates/{id}/picture", template_picture, media="image/webp"),
]  # fmt: skip
