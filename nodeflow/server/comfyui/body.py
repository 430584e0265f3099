"""Bodies as these clients send them: JSON under any content type, numbers and flags as text too."""

from typing import TypeVar

import msgspec
from msgspec import json

from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import SMALL, Call, read_body

T = TypeVar("T")


async def body_of(call: Call, kind: type[T], limit: int = SMALL) -> T:
    """The JSON body of a type; an empty one is an empty object. Raises Fault."""
    data = await read_body(call.request, limit)
    try:
        return json.decode(data or b"{}", type=kind, strict=False)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Fault(400, "invalid_prompt", f"the body: {error}") from None


def whole(call: Call, name: str, default: int | None = None) -> int | None:
    """A whole number of the query. Raises Fault for anything else."""
    text = call.request.query.get(name)
    if text is None or text == "":
        return default
    try:
        return int(text)
    except ValueError:
        raise Fault(400, "bad_request", f"the query: {name} is no whole number") from None


def flag(call: Call, name: str, default: bool = False) -> bool:
    """A flag of the query."""
    text = call.request.query.get(name)
    return default if text is None else text.lower() not in ("false", "0", "no", "")
