"""`/progress`, `/interrupt`, `/skip`: the jobs of this surface that are under way."""

import base64
import time
from typing import Any

from nodeflow.server.a1111.generate import CLIENT
from nodeflow.server.comfyui.queue import running, waiting
from nodeflow.server.http.route import Call
from nodeflow.server.jobs.job import Job, Progress


def own(jobs: list[Job]) -> list[Job]:
    """Those that came in here."""
    return [job for job in jobs if CLIENT in job.options.extra]


def done_of(job: Job, step: Progress | None) -> float:
    """How much of a job is done, 0 to 1; one with two samplings has halves."""
    part = step["step"] / step["total"] if step and step["total"] else 0.0
    if "first" in job.report.nodes:
        return part / 2 if step is None or step["node"] == "first" else 0.5 + part / 2
    return part


async def progress(call: Call) -> dict[str, Any]:
    """How far the running request is, with its newest preview."""
    core = call.state.core
    job = next(iter(own(running(call))), None)
    about = job.options.extra[CLIENT] if job is not None else {"no": 0, "of": 0, "steps": 0}
    step = core.progress.get(job.id) if job is not None else None
    done = (about["no"] + done_of(job, step)) / about["of"] if job is not None else 0.0
    spent = time.time() - (job.started or time.time()) if job is not None else 0.0
    preview = core.previews.get(job.id) if job is not None else None
    if call.request.query.get("skip_current_image", "").lower() == "true":
        preview = None
    state = {
        "skipped": False, "interrupted": False, "stopping_generation": False,
        "job": job.name if job is not None else "", "job_count": about["of"],
        "job_timestamp": about.get("began", "0"), "job_no": about["no"],
        "sampling_step": step["step"] if step else 0,
        "sampling_steps": step["total"] if step else about["steps"],
    }  # fmt: skip
    return {
        "progress": done, "eta_relative": spent / done - spent if done else 0.0, "state": state,
        "current_image": base64.b64encode(preview).decode() if preview else None,
        "textinfo": None,
    }  # fmt: skip


async def interrupt(call: Call) -> dict[str, Any]:
    """Stop the running request; it answers with what it has."""
    for job in [*own(waiting(call)), *own(running(call))]:
        call.state.core.cancel(job)
    return {}


async def skip(call: Call) -> dict[str, Any]:
    """Stop the running batch and go on with the next."""
    for job in own(running(call)):
        call.state.core.cancel(job)
    return {}
