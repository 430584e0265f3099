"""A job as these clients know it: its number, its prompt, its outputs, how it ended."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Raw, Struct, json, to_builtins

from nodeflow.server.http.route import Call
from nodeflow.server.jobs.job import Job
from nodeflow.server.process.questions import AskGraphs

RESERVED = ("prompt", "nodeflow", "depends")
"""Text chunks of saved pictures that no client can write."""


class Wrapped(Struct):
    """The document of a job that came in here."""

    prompt: Raw


def milliseconds(seconds: float | None) -> int | None:
    """A time as these clients count it."""
    return None if seconds is None else int(seconds * 1000)


def number_of(job: Job) -> float:
    """Its place in the queue, lowest first, as it was asked for."""
    given = job.options.extra.get("number")
    if given is not None:
        return float(given)
    return -job.number if job.options.extra.get("front") else job.number


def plain(number: float) -> float:
    """A number without a fraction that says nothing."""
    return int(number) if float(number).is_integer() else number


def pnginfo(job: Job) -> dict[str, Any]:
    """What the client wants written into pictures."""
    texts = job.options.metadata
    return {key: json.decode(text) for key, text in texts.items() if key not in RESERVED}


def extra_data(job: Job) -> dict[str, Any]:
    """What the client sent beside its prompt."""
    data: dict[str, Any] = dict(job.options.extra.get("data") or {})
    if job.options.metadata:
        data["extra_pnginfo"] = pnginfo(job)
    if job.client:
        data["client_id"] = job.client
    return {**data, "create_time": milliseconds(job.created)}


def outputs_asked(job: Job) -> list[str]:
    """The output nodes it was to run."""
    return list(job.options.only or job.report.outputs)


def five(job: Job, graph: Raw) -> list[Any]:
    """The form that the queue and the history have."""
    return [plain(number_of(job)), job.id, graph, extra_data(job), outputs_asked(job)]


async def graphs_of(call: Call, jobs: Iterable[Job]) -> dict[str, Raw]:
    """The API graphs of jobs by their documents' digests, those of our own form converted."""
    kinds = {job.document: job.options.lenient for job in jobs}

    def read(connection: sqlite3.Connection) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for digest in kinds:
            row = connection.execute(
                "select body from documents where digest = ?", (digest,)
            ).fetchone()
            if row is not None:
                found[digest] = bytes(row[0])
        return found

    bodies = await call.state.database.read(read)
    graphs = {
        digest: json.decode(body, type=Wrapped).prompt
        for digest, body in bodies.items()
        if kinds[digest]
    }
    others = [digest for digest in bodies if not kinds[digest]]
    if others:
        asked = AskGraphs(tuple(bodies[digest] for digest in others))
        answer = await call.state.inspector.ask(asked)
        graphs.update(zip(others, json.decode(answer.body, type=list[Raw]), strict=True))
    return {digest: graphs.get(digest, Raw(b"{}")) for digest in kinds}


def shown_files(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What one output node made: files by kind, texts."""
    made: dict[str, Any] = {}
    for file in shown["files"]:
        subfolder, _, filename = str(file["path"]).rpartition("/")
        kind = "latents" if filename.endswith(".latent") else "files"
        if str(file["media_type"]).startswith("image/"):
            kind = "images"
        made.setdefault(kind, []).append(
            {"filename": filename, "subfolder": subfolder, "type": file["folder"]}
        )
    if shown["text"]:
        made["text"] = list(shown["text"])
    return made


def outputs_of(job: Job) -> dict[str, Any]:
    """What all output nodes made."""
    made = {node: shown_files(to_builtins(shown)) for node, shown in job.report.outputs.items()}
    return {node: files for node, files in made.items() if files}


def execution_error(
    job: str, error: Mapping[str, Any], failures: Iterable[Mapping[str, Any]],
    executed: Iterable[str], outputs: Iterable[str],
) -> dict[str, Any]:  # fmt: skip
    """The data of an `execution_error`."""
    first = next(iter(failures), None)
    trace = str(first["trace"]) if first is not None else ""
    named = trace.strip().rpartition("\n")[2].partition(":")[0]
    return {
        "prompt_id": job, "node_id": error["node"], "node_type": error["type"],
        "executed": list(executed), "exception_message": error["message"],
        "exception_type": named or error["code"], "traceback": trace.splitlines(keepends=True),
        "current_inputs": {}, "current_outputs": list(outputs),
    }  # fmt: skip


def ran(job: Job) -> list[str]:
    """The nodes that are done."""
    return [n for n, report in job.report.nodes.items() if report.state in ("ran", "cached")]


def messages_of(job: Job) -> list[list[Any]]:
    """What was said while it ran, as the history keeps it."""
    start, end = milliseconds(job.started), milliseconds(job.finished)
    about = {"prompt_id": job.id}
    cached = [n for n, report in job.report.nodes.items() if report.state == "cached"]
    told: list[list[Any]] = [
        ["execution_start", {**about, "timestamp": start}],
        ["execution_cached", {**about, "nodes": cached, "timestamp": start}],
    ]
    if job.state == "done":
        told.append(["execution_success", {**about, "timestamp": end}])
    elif job.state == "failed":
        failures = [to_builtins(failure) for failure in job.report.failures]
        error = to_builtins(job.report.error)
        data = execution_error(job.id, error, failures, ran(job), job.report.outputs)
        told.append(["execution_error", {**data, "timestamp": end}])
    else:
        stopped = next((n for n, r in job.report.nodes.items() if r.state == "running"), "")
        kind = job.report.nodes[stopped].type if stopped else ""
        data = {**about, "node_id": stopped, "node_type": kind, "executed": ran(job)}
        told.append(["execution_interrupted", {**data, "timestamp": end}])
    return told


def status_of(job: Job) -> dict[str, Any]:
    """How it ended."""
    done = job.state == "done"
    return {
        "status_str": "success" if done else "error",
        "completed": done,
        "messages": messages_of(job),
    }


def entry(job: Job, graph: Raw) -> dict[str, Any]:
    """Its entry in the history."""
    outputs = outputs_of(job)
    return {
        "prompt": five(job, graph),
        "outputs": outputs,
        "status": status_of(job),
        "meta": {
            node: {
                "node_id": node, "display_node": node, "parent_node": None, "real_node_id": node,
            }
            for node in outputs
        },
    }  # fmt: skip
