"""Files of the output, input and temporary folders: list, view, thumbnails, upload, delete."""

import asyncio
import os
import secrets
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from aiohttp import BodyPartReader, web
from msgspec import Meta, Struct, json

from nodeflow.node.folders import confined
from nodeflow.server.api.answers.files import FileListing, PictureFacts, Uploaded
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import BYTES, Call, Reply, Route
from nodeflow.server.process.questions import AskPicture, AskThumbnail

INLINE = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp",
    ".gif": "image/gif", ".avif": "image/avif", ".bmp": "image/bmp", ".mp4": "video/mp4",
    ".webm": "video/webm", ".wav": "audio/wav", ".flac": "audio/flac", ".mp3": "audio/mpeg",
}  # fmt: skip
"""What a browser may show; everything else is a download."""
UPLOAD_LIMIT = 100_000_000
PART_LIMIT = 230
"""Bytes of one name: the system takes 255, and what is added to it needs some."""
FILE_POLICY = "default-src 'none'; sandbox"


class FileFilter(Struct, frozen=True, forbid_unknown_fields=True):
    """Which files, newest first; after: how many to leave out.

    search: words in their names, and in the prompts that made those of the output folder.
    """

    prefix: str = ""
    search: Annotated[str, Meta(max_length=200)] = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    after: Annotated[int, Meta(ge=0, le=10**9)] = 0


class View(Struct, frozen=True, forbid_unknown_fields=True):
    """How to give a file. v: anything, so that another content has another address."""

    thumbnail: Annotated[int, Meta(ge=16, le=1024)] | None = None
    download: bool = False
    v: Annotated[str, Meta(max_length=100)] = ""


def file_url(folder: str, path: str) -> str:
    """The address of a file."""
    return f"/api/v1/files/{folder}/{quote(path)}"


def root_of(call: Call, folder: str) -> Path:
    """A user's folder. Raises Fault for another name."""
    places = call.state.options.places
    roots = {"output": places.output, "input": places.input, "temp": places.temp}
    if folder not in roots:
        raise Fault.unknown(f"there is no folder '{folder}'", folder, roots)
    return Path(roots[folder]) / call.user


def sound_name(name: str) -> bool:
    """No control characters, drive letters, hidden or empty parts, and not too long."""
    parts = name.replace("\\", "/").split("/")
    return (
        0 < len(name.encode("utf-8", "replace")) <= 400
        and not any(ord(c) < 32 or ord(c) == 127 or c in ':*?"<>|' for c in name)
        and all(part and not part.startswith(".") for part in parts)
        and all(len(part.encode("utf-8", "replace")) <= PART_LIMIT for part in parts)
    )


def file_of(call: Call) -> Path:
    """The file that the path names. Raises Fault where it is not there or not in its folder."""
    root, name = root_of(call, call.part("folder")), call.part("path")
    path = confined(root, name) if sound_name(name) and "\\" not in name else None
    if path is None or not path.is_file():
        raise Fault(404, "not_found", "there is no such file")
    return path


async def listing(call: Call, query: FileFilter) -> FileListing:
    """Files, newest first."""
    folder = call.part("folder")
    root = root_of(call, folder)
    words = query.search.lower().split()
    asked = words and folder == "output"
    prompts = await call.state.core.prompts(call.user, words) if asked else {}

    def look() -> list[tuple[float, int, str]]:
        found = []
        for path in root.rglob("*") if root.is_dir() else []:
            name = path.relative_to(root).as_posix()
            if not name.startswith(query.prefix) or not sound_name(name):
                continue
            said = f"{name}\n{prompts.get(name, '')}".lower()
            if not all(word in said for word in words):
                continue
            if confined(root, name) is not None and path.is_file():
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, name))
        return sorted(found, reverse=True)

    found = await asyncio.to_thread(look)
    chosen = found[query.after : query.after + query.limit]
    following = query.after + query.limit
    return {
        "files": [
            {
                "path": name, "folder": folder, "size": size, "modified": modified,
                "media_type": media_type(name), "url": file_url(folder, name),
            }
            for modified, size, name in chosen
        ],
        "next": following if following < len(found) else None,
    }  # fmt: skip


def media_type(name: str) -> str:
    """A safe type by the name."""
    return INLINE.get(Path(name).suffix.lower(), "application/octet-stream")


async def view(call: Call, query: View) -> web.StreamResponse:
    """A file, or a small picture of it."""
    path = file_of(call)
    headers = {"Content-Security-Policy": FILE_POLICY, "Cache-Control": "private, no-cache"}
    if query.thumbnail is not None:
        stat = path.stat()
        headers["ETag"] = etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}-{query.thumbnail}"'
        if call.request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        answer = await call.state.inspector.ask(AskThumbnail(str(path), query.thumbnail))
        return web.Response(body=answer.blob, content_type="image/webp", headers=headers)
    kind = media_type(path.name)
    headers["Content-Type"] = kind
    if query.download or kind == "application/octet-stream":
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(path.name)}"
    return web.FileResponse(path, headers=headers)


async def upload(call: Call) -> Reply[Uploaded]:
    """Take a picture into the input folder; the same bytes under one name are kept once."""
    if not call.request.content_type.startswith("multipart/"):
        raise Fault(415, "unsupported_media_type", "send multipart/form-data with a part 'file'")
    root = root_of(call, "input")
    partial = root / f".upload-{secrets.token_hex(8)}.partial"
    fields: dict[str, str] = {}
    given, digest = "", ""
    root.mkdir(parents=True, exist_ok=True)
    try:
        reader = await call.request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                raise Fault(400, "bad_request", "parts within parts")
            if part.name == "file":
                given = part.filename or "picture.png"
                digest = await received(part, partial)
            elif part.name in ("name", "subfolder", "overwrite"):
                fields[part.name] = (await part.read_chunk(2000)).decode("utf-8", "replace")
        if not digest:
            raise Fault(400, "bad_request", "there is no part 'file'")
        answer = await call.state.inspector.ask(AskPicture(str(partial)))
        facts = json.decode(answer.body, type=PictureFacts)
        name = "/".join(filter(None, (fields.get("subfolder"), fields.get("name") or given)))
        size = partial.stat().st_size
        overwrite = fields.get("overwrite") == "true"
        async with call.state.saving:
            place, new = await asyncio.to_thread(put, partial, root, name, digest, overwrite)
    except (ValueError, AssertionError) as error:
        raise Fault(400, "bad_request", f"the form: {error}") from None
    finally:
        partial.unlink(missing_ok=True)
    path = place.relative_to(root.resolve()).as_posix()
    return Reply(
        {
            **facts, "path": path, "folder": "input", "size": size, "sha256": digest,
            "url": file_url("input", path),
        },
        201 if new else 200,
    )  # fmt: skip


async def received(part: BodyPartReader, place: Path) -> str:
    """Write a part to a file within the limit; returns its SHA-256."""
    total, size = sha256(), 0
    with place.open("wb") as file:
        while block := await part.read_chunk(1 << 18):
            size += len(block)
            if size > UPLOAD_LIMIT:
                raise Fault(413, "too_large", f"at most {UPLOAD_LIMIT:,} bytes")
            total.update(block)
            file.write(block)
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    return sha256(path.read_bytes()).hexdigest()


def put(partial: Path, root: Path, name: str, digest: str, overwrite: bool) -> tuple[Path, bool]:
    """Move an upload to its place; returns it, and whether that holds other bytes than before."""
    place = placed(root, name, digest, overwrite)
    new = not place.is_file() or file_digest(place) != digest
    place.parent.mkdir(parents=True, exist_ok=True)
    partial.replace(place)
    return place, new


def placed(root: Path, name: str, digest: str, overwrite: bool) -> Path:
    """Where an upload goes: its name, or `name (1)` where that holds other bytes."""
    if not sound_name(name) or Path(name).suffix.lower() not in INLINE:
        raise Fault(400, "bad_request", "the name is not one for a picture")
    path = confined(root, name)
    if path is None:
        raise Fault(400, "bad_request", "the name leaves its folder")
    stem, number = path.stem, 0
    while path.exists() and not overwrite and file_digest(path) != digest:
        number += 1
        path = path.with_name(f"{stem} ({number}){path.suffix}")
    return path


async def delete(call: Call) -> None:
    """Move a file to the trash."""
    path = file_of(call)
    trash = call.state.options.data / "trash" / "files"
    trash.mkdir(parents=True, exist_ok=True)
    target = trash / f"{secrets.token_hex(6)}-{path.name}"

    def move() -> None:
        shutil.move(path, target)
        os.utime(target)  # from now on it grows old

    await asyncio.to_thread(move)


FORM = {
    "multipart/form-data": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {**BYTES, "description": "a picture"},
            "name": {"type": "string", "description": "its own where this is not given"},
            "subfolder": {"type": "string"},
            "overwrite": {"type": "string", "enum": ["true", "false"]},
        },
    }
}
ROUTES = [
    Route("POST", "/api/v1/files", upload, status=201, also=(200,), takes=FORM),
    Route("GET", "/api/v1/files/{folder}", listing),
    Route(
        "GET", "/api/v1/files/{folder}/{path:.+}", view, also=(206, 304, 412, 416), media="*/*",
        heeds=("Range", "If-Match", "If-None-Match", "If-Modified-Since"),
        tells=("ETag", "Last-Modified", "Content-Disposition"),
    ),
    Route("DELETE", "/api/v1/files/{folder}/{path:.+}", delete, status=204),
]  # fmt: skip
