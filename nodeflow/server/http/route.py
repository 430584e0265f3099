"""Routes declared by typed handlers: what comes in and out is in the signature."""

import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import msgspec
from aiohttp import web
from msgspec import json

from nodeflow.server.http.fault import Fault
from nodeflow.server.http.mistaken import mistake
from nodeflow.server.state import ServerState

STATE: web.AppKey[ServerState] = web.AppKey("state", ServerState)
USER = "nodeflow.user"
SMALL, DOCUMENT, UPLOAD = 1_000_000, 17_000_000, 105_000_000
BYTES: Mapping[str, Any] = {"type": "string", "contentMediaType": "application/octet-stream"}
"""The schema of a body, or of a part of a form, that is no text."""
_NO_JSON = (web.StreamResponse, type(None))


@dataclass(frozen=True)
class Call:
    """What every handler gets: the request, the server, and who asks."""

    request: web.Request
    state: ServerState
    user: str

    def part(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]


T = TypeVar("T")


@dataclass(frozen=True)
class Reply(Generic[T]):
    """An answer with more than a value; `json`, the text of a T, is sent as it is."""

    value: T | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    json: bytes | None = None


@dataclass(frozen=True)
class Route:
    """One method of one path, and for its description what the handler's signature leaves out.

    status: of a plain value. also: other statuses, but for faults with problem details. media:
    the type of an answer that is no JSON. takes: types or schemas of bodies by media type, which
    the handler reads itself. heeds: request headers that matter. tells: headers of the answer.
    """

    method: str
    path: str
    handler: Callable[..., Awaitable[Any]]
    status: int = 200
    also: tuple[int, ...] = ()
    media: str = ""
    takes: Mapping[str, Any] = field(default_factory=dict)
    heeds: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    limit: int = SMALL
    public: bool = False

    def under(self, prefix: str) -> "Route":
        """The same with a longer path."""
        return replace(self, path=prefix + self.path)

    @property
    def statuses(self) -> tuple[int, ...]:
        """All but those of faults with problem details."""
        return (204 if self.hints["return"] is type(None) else self.status, *self.also)

    @property
    def hints(self) -> dict[str, Any]:
        """The types of the handler's parameters and of its answer."""
        return typing.get_type_hints(self.handler, include_extras=True)

    @property
    def body(self) -> Any:
        """The type of the body, or None."""
        return self.hints.get("body")

    @property
    def answer(self) -> Any:
        """The type of the JSON that answers; None where it is none."""
        kind = self.hints["return"]
        if typing.get_origin(kind) is Reply:
            (kind,) = typing.get_args(kind)
        return None if isinstance(kind, type) and issubclass(kind, _NO_JSON) else kind

    @property
    def query(self) -> Any:
        """The type of the query, or None."""
        return self.hints.get("query")


async def read_body(request: web.Request, limit: int) -> bytes:
    """The whole body. Raises Fault over the limit."""
    if (request.content_length or 0) > limit:
        raise Fault(413, "too_large", f"at most {limit:,} bytes")
    parts, size = [], 0
    async for block in request.content.iter_any():
        size += len(block)
        if size > limit:
            raise Fault(413, "too_large", f"at most {limit:,} bytes")
        parts.append(block)
    return b"".join(parts)


def decode(data: bytes, kind: Any) -> Any:
    """A JSON body of a type. Raises Fault that says where it is wrong."""
    try:
        return json.decode(data or b"{}", type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise mistake("the body", error, kind) from None


def served(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The route as aiohttp calls it."""
    body_type, query_type = route.body, route.query

    async def serve(request: web.Request) -> web.StreamResponse:
        call = Call(request, request.app[STATE], request.get(USER, ""))
        arguments: dict[str, Any] = {}
        if query_type is not None:
            pairs = {k: v for k, v in request.query.items() if k != "token"}
            try:
                arguments["query"] = msgspec.convert(pairs, query_type, strict=False)
            except msgspec.ValidationError as error:
                raise mistake("the query", error, query_type) from None
        if body_type is not None:
            if request.content_type != "application/json":
                raise Fault(415, "unsupported_media_type", "send application/json")
            arguments["body"] = decode(await read_body(request, route.limit), body_type)
        value = await route.handler(call, **arguments)
        return answered(value, route.status)

    return serve


def answered(value: Any, status: int) -> web.StreamResponse:
    """A handler's value as a response."""
    if isinstance(value, web.StreamResponse):
        return value
    if value is None:
        return web.Response(status=204)
    reply = value if isinstance(value, Reply) else Reply(value, status)
    data = reply.json if reply.json is not None else json.encode(reply.value)
    return web.Response(
        status=reply.status, body=data, content_type="application/json", headers=reply.headers
    )
