"""`/userdata` and `/settings`: what a client keeps here for its user.

A user of ours may have several of the client's, told by the header `comfy-user`. Files lie in a
folder of their own; settings lie in the database, where no file name leads.
"""

import asyncio
import re
import secrets
from pathlib import Path
from typing import Any

from aiohttp import web
from msgspec import Struct, json

from nodeflow.node.folders import confined
from nodeflow.server.api.files import FILE_POLICY
from nodeflow.server.comfyui.body import body_of, flag
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import DOCUMENT, Call, Reply, read_body
from nodeflow.server.store import values
from nodeflow.server.store.whole import write_whole

USERS, MOST_USERS = "comfyui user", 100
QUOTA = 500_000_000
SETTINGS_LIMIT = 1_000_000
TYPES = {".json": "application/json", ".txt": "text/plain", ".png": "image/png"}


class NewUser(Struct, frozen=True):
    """Who is added."""

    username: str


def user_of(call: Call) -> str:
    """The client's user. Raises Fault for a name that is none."""
    name = call.request.headers.get("comfy-user") or "default"
    if not (len(name) <= 64 and name.isascii() and name.replace("-", "_").isidentifier()):
        raise Fault(400, "bad_request", "comfy-user has letters, digits, - and _, at most 64")
    return name


def root_of(call: Call) -> Path:
    """The folder of this user's files."""
    return call.state.options.data / "userdata" / (call.user or "-") / user_of(call)


def place(call: Call, name: str) -> Path:
    """A file of this user. Raises Fault for a name that is none or leaves the folder."""
    parts = name.split("/")
    sound = (
        0 < len(name.encode("utf-8", "replace")) <= 400
        and not any(ord(c) < 32 or c in '\x7f\\:*?"<>|' for c in name)
        and all(part not in ("", ".", "..") and len(part) <= 200 for part in parts)
    )
    path = confined(root_of(call), name) if sound else None
    if path is None:
        raise Fault(400, "bad_request", "this is no name of a file")
    return path


def facts(root: Path, path: Path) -> dict[str, Any]:
    """Path below `root`, bytes and times of a file."""
    stat = path.stat()
    return {
        "path": path.relative_to(root).as_posix(), "size": stat.st_size,
        "modified": int(stat.st_mtime * 1000), "created": int(stat.st_ctime * 1000),
    }  # fmt: skip


async def listing(call: Call) -> Any:
    """Files of a folder: paths below it, in parts, or with all that is known."""
    root = root_of(call).resolve()
    named = call.request.query.get("dir")
    if named is None:
        raise Fault(400, "bad_request", "the query: say which dir")
    name = named.strip("/")
    folder = place(call, name) if name not in ("", ".") else root
    pattern = "**/*" if flag(call, "recurse") else "*"

    def look() -> list[dict[str, Any]] | None:
        if not folder.is_dir():
            return None
        files = sorted(p for p in folder.glob(pattern) if p.is_file() and not p.is_symlink())
        return [facts(folder, path) for path in files]

    found = await asyncio.to_thread(look)
    if found is None:
        raise Fault(404, "not_found", "there is no such folder")
    if flag(call, "full_info"):
        return found
    paths = [str(file["path"]) for file in found]
    return [[path, *path.split("/")] for path in paths] if flag(call, "split") else paths


async def listing_v2(call: Call) -> list[dict[str, Any]]:
    """What a folder holds: files and folders."""
    root = root_of(call).resolve()
    name = call.request.query.get("path", "").strip("/")
    folder = place(call, name) if name else root

    def look() -> list[dict[str, Any]]:
        found = []
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.is_symlink():
                continue
            about = {**facts(root, path), "name": path.name}
            del about["created"]
            if path.is_dir():
                del about["size"]
            found.append({**about, "type": "directory" if path.is_dir() else "file"})
        return found

    return await asyncio.to_thread(look)


async def read(call: Call) -> web.StreamResponse:
    """A file's bytes."""
    path = place(call, call.part("file"))
    if not path.is_file():
        raise Fault(404, "not_found", "there is no such file")
    kind = TYPES.get(path.suffix.lower(), "application/octet-stream")
    headers = {"Content-Type": kind, "Content-Security-Policy": FILE_POLICY}
    return web.FileResponse(path, headers=headers)


async def answer(call: Call, path: Path) -> Any:
    """What a client is told of a file that it wrote or moved."""
    about = await asyncio.to_thread(facts, root_of(call).resolve(), path)
    return about if flag(call, "full_info") else about["path"]


async def write(call: Call) -> Any:
    """Keep a file."""
    path = place(call, call.part("file"))
    if path.exists() and not flag(call, "overwrite", True):
        raise Fault(409, "conflict", "the file is there already")
    data = await read_body(call.request, DOCUMENT)
    root = root_of(call)

    def keep() -> None:
        held = sum(file.stat().st_size for file in root.rglob("*") if file.is_file())
        if held + len(data) > QUOTA:
            raise Fault(413, "too_large", f"all files of a user have at most {QUOTA:,} bytes")
        write_whole(path, data)

    await asyncio.to_thread(keep)
    return await answer(call, path)


async def delete(call: Call) -> None:
    """Take a file away."""
    path = place(call, call.part("file"))
    if not path.is_file():
        raise Fault(404, "not_found", "there is no such file")
    await asyncio.to_thread(path.unlink)


async def move(call: Call) -> Any:
    """Give a file another name."""
    path, target = place(call, call.part("file")), place(call, call.part("dest"))
    if not path.is_file():
        raise Fault(404, "not_found", "there is no such file")
    if target.exists() and not flag(call, "overwrite", True):
        raise Fault(409, "conflict", "the file is there already")

    def work() -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)

    await asyncio.to_thread(work)
    return await answer(call, target)


async def users(call: Call) -> dict[str, Any]:
    """The client's users; where none was added the client does not ask who is there."""
    known = await call.state.database.read(lambda c: values.read_all(c, call.user, USERS))
    return {"storage": "server", **({"users": known} if known else {"migrated": True})}


async def add_user(call: Call) -> str:
    """A further user of the client, by name; returns the id for the header `comfy-user`."""
    name = (await body_of(call, NewUser)).username.strip()
    id = f"user_{re.sub('[^A-Za-z0-9]+', '-', name)[:30]}_{secrets.token_hex(8)}"

    def work(connection: Any) -> None:
        known = values.read_all(connection, call.user, USERS)
        if name in known.values():
            raise Fault(400, "bad_request", f"there is a user '{name}' already")
        if len(known) >= MOST_USERS:
            raise Fault(429, "too_many", f"at most {MOST_USERS} users")
        values.write(connection, call.user, USERS, id, name)

    if not 0 < len(name) <= 100:
        raise Fault(400, "bad_request", "a user's name has 1 to 100 characters")
    await call.state.database.write(work)
    return id


def kind_of(call: Call) -> str:
    """Under which kind this user's settings are kept."""
    return f"comfyui setting of {user_of(call)}"


async def settings(call: Call) -> dict[str, Any]:
    """All settings."""
    kind = kind_of(call)
    return await call.state.database.read(lambda c: values.read_all(c, call.user, kind))


async def setting(call: Call) -> Reply[Any]:
    """One setting; null where it is not set."""
    kind, id = kind_of(call), call.part("id")
    found = await call.state.database.read(lambda c: values.read(c, call.user, kind, id))
    return Reply(found)


async def change(call: Call, changed: dict[str, Any]) -> web.Response:
    """Keep settings."""
    kind = kind_of(call)
    if not all(0 < len(key) <= 200 for key in changed):
        raise Fault(400, "bad_request", "the id of a setting has 1 to 200 characters")

    def work(connection: Any) -> None:
        for key, value in changed.items():
            values.write(connection, call.user, kind, key, value)
        if len(json.encode(values.read_all(connection, call.user, kind))) > SETTINGS_LIMIT:
            raise Fault(413, "too_large", "all settings together may have 1 MB")

    await call.state.database.write(work)
    return web.Response()


async def change_settings(call: Call) -> web.Response:
    """Change some settings."""
    return await change(call, await body_of(call, dict[str, Any]))


async def change_setting(call: Call) -> web.Response:
    """Change one setting."""
    value: Any = await body_of(call, object)
    return await change(call, {call.part("id"): value})
