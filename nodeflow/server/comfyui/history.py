"""`/history`: what has run, with its outputs."""

from typing import Any

from aiohttp import web

from nodeflow.server.comfyui.body import body_of, whole
from nodeflow.server.comfyui.queue import Change
from nodeflow.server.comfyui.record import entry, graphs_of
from nodeflow.server.http.route import Call
from nodeflow.server.jobs.job import ENDED, Job
from nodeflow.server.store import jobs as rows

MOST = 1000
"""Entries of one answer; the newest where more are asked for."""
RAN = "started is not null and state in ('done', 'failed', 'cancelled') and (? = '' or user = ?)"
"""A job that was taken out of the queue before it began is not in this history."""


async def ended(call: Call, limit: int, offset: int | None) -> list[Job]:
    """Jobs that ran, oldest first: from `offset` on, or the newest."""
    arguments = (call.user, call.user)
    if offset is not None and offset >= 0:
        tail = f"order by number limit {limit} offset {offset}"
        return await call.state.database.read(lambda c: rows.select(c, RAN, arguments, tail))
    tail = f"order by number desc limit {limit}"
    newest = await call.state.database.read(lambda c: rows.select(c, RAN, arguments, tail))
    return newest[::-1]


async def history(call: Call) -> dict[str, Any]:
    """Entries by id, oldest first."""
    limit = whole(call, "max_items")
    count = MOST if limit is None else max(0, min(limit, MOST))
    offset = whole(call, "offset")
    jobs = await ended(call, count, None if offset is None else min(offset, 2**62))
    graphs = await graphs_of(call, jobs)
    return {job.id: entry(job, graphs[job.document]) for job in jobs}


async def one(call: Call) -> dict[str, Any]:
    """The entry of one id; nothing where it is not known or has not ended."""
    job = await call.state.core.find(call.part("id"), call.user)
    if job is None or job.state not in ENDED or job.started is None:
        return {}
    graphs = await graphs_of(call, [job])
    return {job.id: entry(job, graphs[job.document])}


async def change(call: Call) -> web.Response:
    """Forget ended jobs; their files stay."""
    asked = await body_of(call, Change)
    core = call.state.core
    if asked.clear:
        await core.clear(call.user)
    found = [await core.find(id, call.user) for id in asked.delete]
    await core.delete([job.id for job in found if job is not None], call.user)
    return web.Response()
