"""Pictures in base64, in and out, and the text chunk that carries how one was made."""

import asyncio
import base64
import binascii
import zlib
from dataclasses import dataclass
from hashlib import sha256

from msgspec import json

from nodeflow.server.api.files import root_of
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call
from nodeflow.server.process.questions import AskPicture
from nodeflow.server.store import temporary

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SUFFIXES = {
    "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif",
    "image/bmp": "bmp",
}  # fmt: skip


@dataclass(frozen=True)
class Given:
    """A picture that was sent. name: as LoadImage takes it, in the temporary folder."""

    name: str
    width: int
    height: int


def decoded(text: str) -> bytes:
    """The bytes of base64, with or without a data URL's head. Raises Fault."""
    if text.startswith(("http://", "https://")):
        raise Fault(422, "unsupported", "pictures are not fetched from elsewhere, send base64")
    try:
        data = text.partition(",")[2] if text.startswith("data:") else text
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Fault(422, "bad_request", "Invalid encoded image") from None


async def keep(call: Call, text: str) -> Given:
    """A picture put where a workflow can load it, under the name that its bytes give it."""
    data = await asyncio.to_thread(decoded, text)
    folder = root_of(call, "temp") / "a1111"
    digest = sha256(data).hexdigest()[:32]
    partial = folder / f".{digest}.partial"

    def write() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)

    await asyncio.to_thread(write)
    try:
        facts = json.decode((await call.state.inspector.ask(AskPicture(str(partial)))).body)
        name = f"{digest}.{SUFFIXES[facts['media_type']]}"
        partial.replace(folder / name)
        named = [f"a1111/{name}"]
        await call.state.database.write(lambda c: temporary.note(c, call.user, named))
    finally:
        partial.unlink(missing_ok=True)
    return Given(f"a1111/{name} [temp]", facts["width"], facts["height"])


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk: length, kind, data, checksum."""
    checksum = zlib.crc32(kind + data)
    return len(data).to_bytes(4, "big") + kind + data + checksum.to_bytes(4, "big")


def with_parameters(png: bytes, text: str) -> bytes:
    """A PNG whose text `parameters` is this one (PNG specification, tEXt and iTXt)."""
    key = b"parameters\0"
    plain = text.isascii()
    made = (
        chunk(b"tEXt", key + text.encode())
        if plain
        else chunk(b"iTXt", key + b"\0\0\0\0" + text.encode())
    )
    parts, at = [SIGNATURE], len(SIGNATURE)
    while at < len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        kind, data = png[at + 4 : at + 8], png[at + 8 : end - 4]
        if not (kind in (b"tEXt", b"iTXt", b"zTXt") and data.startswith(key)):
            parts.append(png[at:end])
        if kind == b"IHDR":
            parts.append(made)
        at = end
    return b"".join(parts)
