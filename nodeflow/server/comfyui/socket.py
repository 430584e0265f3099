"""`/ws?clientId=`: the queue's state to everybody, a run's messages to who asked for it."""

import asyncio
import logging
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import WSMsgType, web
from msgspec import json

from nodeflow.server.comfyui.logs import KEPT, RECENT, SIZE, Entry
from nodeflow.server.comfyui.narrate import QUEUE_CHANGES, Heard, Narrator, message, preview, words
from nodeflow.server.comfyui.prompt import LABEL
from nodeflow.server.comfyui.queue import remaining, running
from nodeflow.server.events.log import Listener
from nodeflow.server.events.socket import HEARTBEAT, MAX_SOCKETS, PACE
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import UPLOAD, Call

log = logging.getLogger("nodeflow.comfyui")
FEATURES: dict[str, Any] = {"supports_preview_metadata": True, "max_upload_size": UPLOAD}


@dataclass
class Client:
    """One connection. announced: it said what it can do, so it can tell frames apart."""

    id: str
    socket: web.WebSocketResponse
    call: Call
    narrator: Narrator
    wake: asyncio.Event
    lines: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))
    announced: bool = False
    preview_metadata: bool = False

    def hear(self, entry: Entry) -> None:
        """A line of the log."""
        self.lines.append(entry)
        self.wake.set()

    async def status(self, first: bool = False) -> None:
        """Say how much is to be done."""
        info: dict[str, Any] = {"exec_info": {"queue_remaining": remaining(self.call)}}
        data = {"status": info, "sid": self.id} if first else {"status": info}
        await self.send([message("status", data)])

    async def send(self, messages: list[bytes]) -> None:
        """Send texts."""
        for text in messages:
            await self.socket.send_str(text.decode())


async def features(call: Call) -> dict[str, Any]:
    """What this server can do."""
    return FEATURES


async def connect(call: Call) -> web.StreamResponse:
    """Talk until the client is gone."""
    events = call.state.events
    id = call.request.query.get("clientId") or uuid.uuid4().hex
    if len(id) > LABEL:
        raise Fault(400, "bad_request", f"clientId has more than {LABEL} characters")
    if len(events.listeners) >= MAX_SOCKETS:
        raise Fault(503, "unavailable", "too many websockets")
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=65_536)
    await socket.prepare(call.request)
    wake = asyncio.Event()
    listener = Listener(call.user, wake.set, previews=True)
    client = Client(id, socket, call, Narrator(), wake)
    recent = call.request.app[RECENT]

    def hear(entry: Entry) -> None:
        if id in recent.subscribers and not call.user:
            client.hear(entry)

    events.listeners.add(listener)
    recent.listeners.add(hear)
    tasks = [
        asyncio.create_task(job)
        for job in (send(client, listener), receive(client), call.state.stopping.wait())
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        events.listeners.discard(listener)
        recent.listeners.discard(hear)
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception) and not isinstance(ended, ConnectionError):
                log.error("a websocket ended", exc_info=ended)
        if not socket.closed:
            try:
                async with asyncio.timeout(2):
                    await socket.close(code=1013 if listener.lost else 1001)
            except TimeoutError:
                pass
    return socket


async def receive(client: Client) -> None:
    """Hear the client, whose first message says what it can do, until it closes."""
    async for said in client.socket:
        if said.type is not WSMsgType.TEXT:
            continue
        try:
            heard = json.decode(said.data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            continue
        if isinstance(heard, dict) and heard.get("type") == "feature_flags":
            client.announced = True
            flags = heard.get("data")
            if isinstance(flags, dict):
                client.preview_metadata = bool(flags.get("supports_preview_metadata"))
            await client.send([message("feature_flags", FEATURES)])


async def send(client: Client, listener: Listener) -> None:
    """Send until the client is too far behind."""
    await client.status(first=True)
    for job in running(client.call):
        if job.client == client.id:
            await client.send(client.narrator.rejoin(job))
    while not listener.lost:
        await client.wake.wait()
        client.wake.clear()
        changed = False
        texts = [text for _, text in listener.durable]
        listener.durable.clear()
        passing = list(listener.passing.values())
        listener.passing.clear()
        for text in [*texts, *passing]:
            heard = json.decode(text, type=Heard)
            changed = changed or heard.type in QUEUE_CHANGES
            if heard.client == client.id:
                await client.send(client.narrator.tell(heard))
                for frame in words(heard) if client.announced else []:
                    await client.socket.send_bytes(frame)
        if changed:
            await client.status()
        if client.lines:
            about = {"entries": list(client.lines), "size": SIZE}
            client.lines.clear()
            await client.send([message("logs", about)])
        while listener.pictures:
            _, data = listener.pictures.popitem(last=False)
            picture = preview(data, client.id, client.preview_metadata)
            if picture is not None:
                await client.socket.send_bytes(picture)
        await asyncio.sleep(PACE)
