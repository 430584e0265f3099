"""`/api/v2/jobs/{id}/events`: a job as server-sent events, as it goes on from now."""

import asyncio
import base64
from typing import Any

from aiohttp import web
from msgspec import json

from nodeflow.server.comfyui.narrate import Heard
from nodeflow.server.comfyui.v2.jobs import found_job
from nodeflow.server.comfyui.v2.shape import STATUS, files_of, output_of, progress_of, size_of
from nodeflow.server.events.log import Listener
from nodeflow.server.events.socket import MAX_SOCKETS
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call
from nodeflow.server.jobs.job import ENDED, Job

KEEPALIVE = 15.0


async def events(call: Call) -> web.StreamResponse:
    """status, progress, preview and output until the job is over."""
    log = call.state.events
    if len(log.listeners) >= MAX_SOCKETS:
        raise Fault(503, "unavailable", "too many listeners")
    job = await found_job(call)
    wake = asyncio.Event()
    listener = Listener(job.user, wake.set, previews=True)
    log.listeners.add(listener)
    try:
        return await stream(call, job, listener, wake)
    finally:
        log.listeners.discard(listener)


async def stream(
    call: Call, job: Job, listener: Listener, wake: asyncio.Event
) -> web.StreamResponse:
    """Send what changes of a job."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    total = await size_of(call, job)
    await response.prepare(call.request)

    async def say(name: str, data: dict[str, Any]) -> None:
        text = json.encode(data).decode()
        await response.write(f"event: {name}\ndata: {text}\n\n".encode())

    sent = 0
    last: Any = None
    while not (listener.lost or call.state.stopping.is_set()):
        wake.clear()
        pictures = list(listener.pictures.values())
        listener.pictures.clear()
        mine = heard_of(listener, job.id)
        found = await call.state.core.find(job.id, job.user)
        if found is None:
            break
        for picture in pictures:
            if (shown := preview(picture, job.id)) is not None:
                await say("preview", shown)
        for number in range(sent, len(files_of(found))):
            await say("output", output_of(call, found, number))
        sent = len(files_of(found))
        status = {"status": STATUS[found.state],
                  "queue_position": call.state.core.position(job.id)}  # fmt: skip
        progress = progress_of(call, found, total)
        if progress is not None and mine:
            await say("progress", progress)
        if status != last:
            await say("status", status)
            last = status
        if found.state in ENDED:
            break
        try:
            async with asyncio.timeout(KEEPALIVE):
                await wake.wait()
        except TimeoutError:
            await response.write(b": still here\n\n")
    return response


def heard_of(listener: Listener, id: str) -> bool:
    """Take out what the listener has; whether any of it is about the job."""
    texts = [*(text for _, text in listener.durable), *listener.passing.values()]
    listener.durable.clear()
    listener.passing.clear()
    return any(json.decode(text, type=Heard).job == id for text in texts)


def preview(data: bytes, id: str) -> dict[str, Any] | None:
    """A preview of the event log as this stream carries it, or None where it is another job's."""
    length = int.from_bytes(data[2:4], "big")
    head, picture = json.decode(data[4 : 4 + length]), data[4 + length :]
    if head["job"] != id:
        return None
    return {
        "node_id": head["node"], "content_type": head["media_type"],
        "data_base64": base64.b64encode(picture).decode(),
    }  # fmt: skip
