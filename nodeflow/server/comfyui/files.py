"""`/view` and `/upload`: pictures out and in."""

import asyncio
import secrets
import shutil
from pathlib import Path
from urllib.parse import quote

from aiohttp import BodyPartReader, web
from msgspec import Struct, json

from nodeflow.node.folders import confined
from nodeflow.server.api.files import (
    FILE_POLICY,
    file_digest,
    media_type,
    placed,
    received,
    root_of,
    sound_name,
)
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call, decode
from nodeflow.server.process.questions import AskMasked, AskPicture, AskRendered
from nodeflow.server.store import temporary

FORMATS = {"webp": "WEBP", "jpeg": "JPEG"}
ANNOTATIONS = {" [output]": "output", " [input]": "input", " [temp]": "temp"}
FIELDS = ("overwrite", "type", "subfolder", "original_ref")
FIELD_LIMIT = 10_000


class Ref(Struct, frozen=True):
    """A picture that is there: name, folder below, which of the three folders."""

    filename: str
    subfolder: str | None = ""
    type: str | None = "output"


def path_of(call: Call, ref: Ref) -> Path:
    """The file of a reference. Raises Fault where it is not there or not in its folder."""
    name, folder = ref.filename, ref.type or "output"
    for ending, named in ANNOTATIONS.items():
        if name.endswith(ending):
            name, folder = name.removesuffix(ending), named
    whole = "/".join(filter(None, ((ref.subfolder or "").strip("/"), name)))
    root = root_of(call, folder)
    path = confined(root, whole) if sound_name(whole) and "\\" not in whole else None
    if path is None or not path.is_file():
        raise Fault(404, "not_found", "there is no such file")
    return path


async def listing(call: Call) -> list[str]:
    """Names of a folder's files, newest first."""
    root = root_of(call, call.part("folder"))

    def look() -> list[str]:
        files = [p for p in root.iterdir() if p.is_file()] if root.is_dir() else []
        files.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        return [path.name for path in files if sound_name(path.name)]

    return await asyncio.to_thread(look)


async def view(call: Call) -> web.StreamResponse:
    """A file; with `preview` or `channel` a picture encoded anew."""
    query = call.request.query
    ref = Ref(query.get("filename", ""), query.get("subfolder", ""), query.get("type", "output"))
    path = path_of(call, ref)
    headers = {
        "Content-Security-Policy": FILE_POLICY,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(path.name)}",
    }
    channel = query.get("channel", "rgba")
    if "preview" in query or channel in ("rgb", "a"):
        asked = rendering(str(path), query.get("preview"), channel)
        answer = await call.state.inspector.ask(asked)
        kind = json.decode(answer.body)["media_type"]
        return web.Response(body=answer.blob, content_type=kind, headers=headers)
    kind = media_type(path.name)
    headers["Content-Type"] = kind
    if kind == "application/octet-stream":
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(path.name)}"
    return web.FileResponse(path, headers=headers)


def rendering(path: str, preview: str | None, channel: str) -> AskRendered:
    """How to encode a picture: `preview` is a format and a quality, as in `webp;75`."""
    channel = channel if channel in ("rgb", "a") else "rgba"
    if preview is None:
        return AskRendered(path, channel=channel)
    name, *rest = preview.split(";")
    quality = int(rest[-1]) if rest and rest[-1].isdigit() and len(rest[-1]) < 4 else 90
    return AskRendered(path, FORMATS.get(name, "WEBP"), max(1, min(quality, 100)), channel)


async def form_of(call: Call, partial: Path) -> tuple[str, dict[str, str]]:
    """The form: its picture written to `partial`, the name that has, and the other fields."""
    if not call.request.content_type.startswith("multipart/"):
        raise Fault(400, "bad_request", "send multipart/form-data with a part 'image'")
    fields: dict[str, str] = {}
    given = ""
    try:
        reader = await call.request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                raise Fault(400, "bad_request", "parts within parts")
            if part.name == "image" and part.filename:
                given = part.filename
                await received(part, partial)
            elif part.name in FIELDS:
                value = await part.read_chunk(FIELD_LIMIT)
                fields[part.name] = value.decode("utf-8", "replace")
    except (ValueError, AssertionError) as error:
        raise Fault(400, "bad_request", f"the form: {error}") from None
    if not given:
        raise Fault(400, "bad_request", "there is no part 'image' with a file name")
    return given, fields


def put(partial: Path, root: Path, name: str, overwrite: bool) -> Path:
    """Move an upload to its place below `root`. Raises Fault for a name that is none."""
    place = placed(root, name, file_digest(partial), overwrite)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(partial, place)
    return place


async def upload(call: Call, masking: bool = False) -> dict[str, str]:
    """Take a picture; the same bytes under one name are kept once, others get a number."""
    data = call.state.options.data / "uploads"
    data.mkdir(parents=True, exist_ok=True)
    partial = data / f"{secrets.token_hex(8)}.partial"
    try:
        given, fields = await form_of(call, partial)
        await call.state.inspector.ask(AskPicture(str(partial)))
        if masking:
            ref = decode(fields.get("original_ref", "").encode(), Ref)
            asked = AskMasked(str(path_of(call, ref)), str(partial))
            partial.write_bytes((await call.state.inspector.ask(asked)).blob)
        folder = fields.get("type") or "input"
        root = root_of(call, folder)
        subfolder = fields.get("subfolder", "").strip("/")
        name = "/".join(filter(None, (subfolder, Path(given.replace("\\", "/")).name)))
        overwrite = fields.get("overwrite", "").lower() in ("true", "1")
        async with call.state.saving:
            place = await asyncio.to_thread(put, partial, root, name, overwrite)
    finally:
        partial.unlink(missing_ok=True)
    path = place.relative_to(root.resolve())
    if folder == "temp":
        noted = [path.as_posix()]
        await call.state.database.write(lambda c: temporary.note(c, call.user, noted))
    below = path.parent.as_posix()
    return {"name": place.name, "subfolder": "" if below == "." else below, "type": folder}


async def upload_image(call: Call) -> dict[str, str]:
    """Take a picture."""
    return await upload(call)


async def upload_mask(call: Call) -> dict[str, str]:
    """Take a mask, and keep the picture it belongs to with its transparency."""
    return await upload(call, masking=True)
