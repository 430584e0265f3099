"""`/api/v2/assets`: uploads, and outputs of jobs, under one kind of id."""

import asyncio
import secrets
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import BodyPartReader, web
from msgspec import json

from nodeflow.server.api.files import FILE_POLICY, file_digest, media_type, received, root_of
from nodeflow.server.comfyui.v2.shape import BASE, NEVER, files_of, origin, output_of, time_of
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call, Reply
from nodeflow.server.process.questions import AskPicture
from nodeflow.server.store import values

KIND = "comfyui asset"
SUFFIXES = {
    "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif",
    "image/bmp": "bmp",
}  # fmt: skip
FIELD_LIMIT = 10_000


@dataclass(frozen=True)
class Place:
    """Where an asset lies: folder and path below it, as LoadImage takes it, and what it is."""

    folder: str
    path: str
    about: dict[str, Any]

    @property
    def name(self) -> str:
        """How an input names the file."""
        return self.path if self.folder == "input" else f"{self.path} [{self.folder}]"


async def place_of(call: Call, id: str) -> Place:
    """An upload or an output by its id. Raises Fault."""
    job_id, dot, number = id.rpartition(".")
    if dot and number.isdigit() and len(number) < 6:
        job = await call.state.core.find(job_id, call.user)
        files = files_of(job) if job is not None else []
        if job is not None and int(number) < len(files):
            file = files[int(number)][1]
            made = output_of(call, job, int(number))
            created = time_of(job.finished or job.created)
            return Place(
                file.folder, file.path,
                {**made, "file_path": made["name"], "created_at": created, "expires_at": None},
            )  # fmt: skip
    else:
        found = await call.state.database.read(lambda c: values.read(c, call.user, KIND, id))
        if found is not None:
            return Place("input", found["path"], described(call, id, found))
    raise Fault(404, "not_found", "there is no such asset")


def described(call: Call, id: str, kept: dict[str, Any]) -> dict[str, Any]:
    """An upload as the API gives it."""
    return {
        "id": id, "hash": None, "size_bytes": kept["size"], "content_type": kept["type"],
        "file_path": kept["name"], "created_at": time_of(kept["created"]),
        "url": f"{origin(call)}{BASE}/assets/{id}/content", "url_expires_at": NEVER,
        "expires_at": None, "tags": kept["tags"],
    }  # fmt: skip


async def form_of(call: Call, partial: Path) -> dict[str, list[str]]:
    """The form's fields; its file goes to `partial`."""
    if not call.request.content_type.startswith("multipart/"):
        raise Fault(400, "bad_request", "send multipart/form-data with a part 'file'")
    fields: dict[str, list[str]] = {}
    try:
        reader = await call.request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                raise Fault(400, "bad_request", "parts within parts")
            if part.name == "file":
                await received(part, partial)
            elif part.name in ("file_path", "tags"):
                text = (await part.read_chunk(FIELD_LIMIT)).decode("utf-8", "replace")
                fields.setdefault(part.name, []).append(text[:200])
    except (ValueError, AssertionError) as error:
        raise Fault(400, "bad_request", f"the form: {error}") from None
    if not partial.is_file():
        raise Fault(400, "bad_request", "there is no part 'file'")
    return fields


async def upload(call: Call) -> Reply[Any]:
    """Take a picture; bytes that are there already are kept once."""
    folder = call.state.options.data / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{secrets.token_hex(8)}.partial"
    try:
        fields = await form_of(call, partial)
        facts = json.decode((await call.state.inspector.ask(AskPicture(str(partial)))).body)
        digest = await asyncio.to_thread(file_digest, partial)
        path = f"assets/{digest[:32]}.{SUFFIXES[facts['media_type']]}"
        target = root_of(call, "input") / path
        new = not target.is_file()
        size = partial.stat().st_size
        if new:
            target.parent.mkdir(parents=True, exist_ok=True)
            await asyncio.to_thread(shutil.move, partial, target)
    finally:
        partial.unlink(missing_ok=True)
    id = str(uuid.uuid4())
    name = fields.get("file_path", [""])[0] or path.rpartition("/")[2]
    kept = {
        "path": path, "size": size, "type": facts["media_type"], "name": name,
        "created": time.time(), "tags": fields.get("tags", [])[:20],
    }  # fmt: skip
    await call.state.database.write(lambda c: values.write(c, call.user, KIND, id, kept))
    return Reply({**described(call, id, kept), "created_new": new}, 201)


async def from_hash(call: Call) -> Any:
    """Hashes are not kept: the client sends the bytes."""
    raise Fault(404, "blob_not_found", "send the bytes")


async def one(call: Call) -> dict[str, Any]:
    """What is known of an asset."""
    return (await place_of(call, call.part("id"))).about


async def content(call: Call) -> web.StreamResponse:
    """An asset's bytes."""
    place = await place_of(call, call.part("id"))
    path = root_of(call, place.folder) / place.path
    if not path.is_file():
        raise Fault(404, "not_found", "the file is gone")
    headers = {
        "Content-Type": media_type(path.name),
        "Content-Security-Policy": FILE_POLICY,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.name)}",
    }
    return web.FileResponse(path, headers=headers)


async def delete(call: Call) -> None:
    """Forget an upload; outputs go with their jobs."""
    id = call.part("id")
    place = await place_of(call, id)
    if "job_id" in place.about:
        raise Fault(403, "forbidden", "an output belongs to its job")

    def work(connection: Any) -> bool:
        values.write(connection, call.user, KIND, id, None)
        others = values.read_all(connection, call.user, KIND).values()
        return all(other["path"] != place.path for other in others)

    if await call.state.database.write(work):
        (root_of(call, "input") / place.path).unlink(missing_ok=True)
