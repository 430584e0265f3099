"""Jobs and assets as API v2 gives them.

Facts of that format: times are RFC 3339, links are embedded, an output is an asset whose id can be
fetched. A hash is `blake3:…` or null while it is not computed, which it never is here.
"""

from datetime import UTC, datetime
from typing import Any

from msgspec import Raw, json

from nodeflow.server.comfyui.record import graphs_of, ran
from nodeflow.server.http.route import Call
from nodeflow.server.jobs.job import ENDED, Job
from nodeflow.server.process.messages import Artifact

NEVER = "9999-12-31T23:59:59Z"
"""Nothing here is deleted by a date."""
STATUS = {
    "queued": "queued", "paused": "queued", "running": "running", "done": "succeeded",
    "failed": "failed", "cancelled": "canceled",
}  # fmt: skip
BASE = "/api/v2"


def time_of(seconds: float | None) -> str | None:
    """A time as text."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def origin(call: Call) -> str:
    """Under which the client has called."""
    return f"{call.request.scheme}://{call.request.host}"


def kind_of(file: Artifact) -> str:
    """What an output is."""
    if file.path.endswith(".latent"):
        return "latent"
    major = file.media_type.partition("/")[0]
    return major if major in ("image", "video", "audio", "text") else "file"


def files_of(job: Job) -> list[tuple[str, Artifact]]:
    """A job's files with their nodes, in an order that stays."""
    return [(node, file) for node, made in job.report.outputs.items() for file in made.files]


def output_of(call: Call, job: Job, number: int) -> dict[str, Any]:
    """One output; its id names the job and its place among its outputs."""
    node, file = files_of(job)[number]
    id = f"{job.id}.{number}"
    return {
        "node_id": node, "name": file.path.rpartition("/")[2], "type": kind_of(file),
        "content_type": file.media_type, "size_bytes": file.size, "id": id, "hash": None,
        "url": f"{origin(call)}{BASE}/assets/{id}/content", "url_expires_at": NEVER,
        "job_id": job.id,
    }  # fmt: skip


def outputs_of(call: Call, job: Job) -> list[dict[str, Any]]:
    """All outputs that are there."""
    return [output_of(call, job, number) for number in range(len(files_of(job)))]


def error_of(job: Job) -> dict[str, Any] | None:
    """Why it failed."""
    error = job.report.error
    if error is None:
        return None
    trace = job.report.failures[0].trace if job.report.failures else None
    code = "node_execution_error" if error.node else error.code
    return {
        "code": code, "message": error.message, "node_id": error.node or None,
        "class_type": error.type or None, "traceback": trace,
    }  # fmt: skip


def progress_of(call: Call, job: Job, total: int) -> dict[str, Any] | None:
    """How far it is: nodes, and the steps of the one that runs."""
    if job.state in ("queued", "paused"):
        return None
    done = len(ran(job)) if job.state != "done" else total
    step = call.state.core.progress.get(job.id) if job.state == "running" else None
    current = next((n for n, r in job.report.nodes.items() if r.state == "running"), None)
    if job.state != "running":
        current = None
    part = step["step"] / step["total"] if step and step["total"] and current else 0.0
    kind = job.report.nodes[current].type if current else None
    about = f"{kind} {step['step']}/{step['total']}" if step and current else kind
    return {
        "value": min(1.0, (done + part) / max(1, total)), "nodes_done": done,
        "nodes_total": total, "current_node": current, "current_node_class": kind,
        "step": step["step"] if step and current else None,
        "steps": step["total"] if step and current else None, "message": about,
    }  # fmt: skip


async def size_of(call: Call, job: Job) -> int:
    """How many nodes it has."""
    graph: Raw = (await graphs_of(call, [job]))[job.document]
    return len(json.decode(graph, type=dict[str, Raw]))


async def resource(call: Call, job: Job) -> dict[str, Any]:
    """The whole job."""
    total = await size_of(call, job)
    path = f"{BASE}/jobs/{job.id}"
    started, finished = job.started, job.finished
    spans = {
        "queue_ms": int(((started or finished or job.created) - job.created) * 1000),
        "execution_ms": int((finished - started) * 1000) if started and finished else None,
    }
    return {
        "id": job.id, "status": STATUS[job.state], "created_at": time_of(job.created),
        "started_at": time_of(started), "expires_at": NEVER,
        "completed_at": time_of(finished) if job.state in ENDED else None,
        "queue_position": call.state.core.position(job.id),
        "progress": progress_of(call, job, total), "outputs": outputs_of(call, job),
        "error": error_of(job), "metrics": spans, "metadata": labels(job),
        "urls": {"self": path, "events": f"{path}/events", "cancel": f"{path}/cancel"},
    }  # fmt: skip


def labels(job: Job) -> dict[str, str]:
    """The client's own labels."""
    return dict(job.options.extra.get("labels") or {})
