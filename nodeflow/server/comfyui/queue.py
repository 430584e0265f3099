"""`/queue`, `/interrupt`, `/free`: what waits and what runs."""

from typing import Any

from aiohttp import web
from msgspec import Struct

from nodeflow.server.comfyui.body import body_of
from nodeflow.server.comfyui.record import five, graphs_of
from nodeflow.server.http.route import Call
from nodeflow.server.jobs.job import Job


class Change(Struct, frozen=True):
    """clear: all; delete: these ids."""

    clear: bool = False
    delete: tuple[str, ...] = ()


class Interrupt(Struct, frozen=True):
    """Only this one, where it runs."""

    prompt_id: str | None = None


class Free(Struct, frozen=True):
    """What to let go of; both mean the same here: models and results in memory."""

    unload_models: bool = False
    free_memory: bool = False


def running(call: Call) -> list[Job]:
    """The user's jobs that run, until their end can be read in the history."""
    core = call.state.core
    jobs = [*core.running.values(), *core.leaving()]
    return [job for job in jobs if job.state == "running" and call.user in ("", job.user)]


def waiting(call: Call) -> list[Job]:
    """The user's jobs that wait, in order; then those that are paused."""
    core = call.state.core
    return [job for job in [*core.waiting(), *core.held()] if call.user in ("", job.user)]


def remaining(call: Call) -> int:
    """How many of the user's jobs are to be done, without paused ones."""
    core = call.state.core
    waits = core.queued
    if call.user:
        waits = sum(1 for job in core.waiting() if job.user == call.user)
    return len(running(call)) + waits


async def queue(call: Call) -> dict[str, Any]:
    """Both with their prompts."""
    runs, waits = running(call), waiting(call)
    graphs = await graphs_of(call, [*runs, *waits])
    return {
        "queue_running": [five(job, graphs[job.document]) for job in runs],
        "queue_pending": [five(job, graphs[job.document]) for job in waits],
    }


async def change(call: Call) -> web.Response:
    """Take waiting jobs out."""
    asked = await body_of(call, Change)
    for job in waiting(call):
        if asked.clear or job.id in asked.delete:
            call.state.core.cancel(job)
    return web.Response()


async def interrupt(call: Call) -> web.Response:
    """Stop what runs, or one job where that runs."""
    asked = await body_of(call, Interrupt)
    for job in running(call):
        if asked.prompt_id in (None, "", job.id):
            call.state.core.cancel(job)
    return web.Response()


async def free(call: Call) -> web.Response:
    """Drop models and results from the workers' memory."""
    asked = await body_of(call, Free)
    if asked.unload_models or asked.free_memory:
        call.state.workers.free()
    return web.Response()
