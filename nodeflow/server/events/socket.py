"""The websocket: events from where the client left off, then as they come."""

import asyncio
import random
from typing import Annotated, Any

from aiohttp import WSMsgType, web
from msgspec import DecodeError, Meta, Struct, json

from nodeflow.server.events.log import EventLog, Listener
from nodeflow.server.events.outlet import Outlet
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call, Route

HEARTBEAT = 20.0
PAGE = 500
PACE, SHARE = 0.01, 0.0005
"""Seconds between two sends, so that events which come together go together; more for each
client, so that many clients cost no more than few, and not all at once."""
MAX_SOCKETS = 500


class Subscribe(Struct, frozen=True, forbid_unknown_fields=True):
    """since: the last number seen; batch: arrays of events; previews: binary pictures."""

    since: Annotated[int, Meta(ge=0, le=2**62)] | None = None
    previews: bool = True
    batch: bool = False


async def events(call: Call, query: Subscribe) -> web.StreamResponse:
    """Events over a websocket."""
    log = call.state.events
    upgraded(call)
    if len(log.listeners) >= MAX_SOCKETS:
        raise Fault(503, "unavailable", f"{MAX_SOCKETS} websockets are open already")
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=65_536, compress=False)
    await socket.prepare(call.request)
    wake = asyncio.Event()
    listener = Listener(call.user, wake.set, query.previews)
    log.listeners.add(listener)
    sender = asyncio.create_task(send(socket, call, query, listener, wake))
    closer = asyncio.create_task(call.state.stopping.wait())
    try:
        receiver = asyncio.create_task(receive(socket, listener))
        await asyncio.wait({sender, closer, receiver}, return_when=asyncio.FIRST_COMPLETED)
        receiver.cancel()
        if sender.done() and not isinstance(error := sender.exception(), ConnectionError | None):
            raise error
    finally:
        log.listeners.discard(listener)
        sender.cancel()
        closer.cancel()
        if not socket.closed:
            code = 1013 if listener.lost else 1001
            try:
                async with asyncio.timeout(2):
                    await socket.close(code=code)
            except TimeoutError:
                pass
    return socket


def upgraded(call: Call) -> None:
    """Raise Fault for a request that asks for no websocket."""
    if not web.WebSocketResponse().can_prepare(call.request):
        raise Fault(426, "upgrade_required", "this is a websocket; connect with ws:// or wss://")


async def receive(socket: web.WebSocketResponse, listener: Listener) -> None:
    """Hear the client until it closes."""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            continue
        try:
            said = json.decode(message.data)
        except (DecodeError, UnicodeDecodeError):
            continue
        if isinstance(said, dict) and said.get("type") == "previews":
            listener.previews = bool(said.get("on"))


async def send(
    socket: web.WebSocketResponse, call: Call, query: Subscribe, listener: Listener,
    wake: asyncio.Event,
) -> None:  # fmt: skip
    """Send until the client is gone or too far behind."""

    transport = call.request.transport
    if transport is None:
        return
    assert isinstance(transport, asyncio.Transport)
    tell = Outlet(transport, query.batch).send
    log: EventLog = call.state.events
    newest = log.sent
    hello: dict[str, Any] = {
        "type": "hello", "seq": newest, "oldest": await log.oldest(), "server": call.state.id,
        "heartbeat": HEARTBEAT,
    }  # fmt: skip
    await tell([json.encode(hello)])
    seen = newest if query.since is None else query.since
    if query.since is not None and not hello["oldest"] <= seen + 1 <= newest + 1:
        await tell([json.encode({"type": "gap", "from": seen, "to": hello["oldest"]})])
        seen = min(seen, newest)
    while seen < newest:
        page = await log.since(seen, newest, call.user, PAGE)
        if page:
            await tell([text for _, text in page])
        seen = page[-1][0] if len(page) == PAGE else newest
    while not listener.lost:
        if not wake.is_set():
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await wake.wait()
            except TimeoutError:
                await tell([b'{"type":"ping"}'])
        wake.clear()
        while listener.durable:
            texts: list[bytes] = []
            while listener.durable and len(texts) < PAGE:
                seq, text = listener.durable.popleft()
                if seq > seen:
                    texts.append(text)
                    seen = seq
            if texts:
                await tell(texts)
        if listener.passing:
            texts = list(listener.passing.values())
            listener.passing.clear()
            await tell(texts)
        if listener.pictures:
            _, data = listener.pictures.popitem(last=False)
            await socket.send_bytes(data)
            if listener.pictures:
                wake.set()
        await asyncio.sleep((PACE + SHARE * len(log.listeners)) * random.uniform(0.5, 1.5))


ROUTES = [Route("GET", "/api/v1/events", events, status=101)]
