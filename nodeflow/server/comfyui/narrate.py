"""The job core's events in the words of ComfyUI's websocket."""

from dataclasses import dataclass, field
from typing import Any

from msgspec import Raw, Struct, json

from nodeflow.server.comfyui.record import execution_error, milliseconds, ran, shown_files
from nodeflow.server.jobs.job import Job

QUEUE_CHANGES = (
    "job.queued", "job.started", "job.done", "job.failed", "job.cancelled", "job.requeued",
    "job.paused", "job.resumed",
)  # fmt: skip
PREVIEW, TEXT, PREVIEW_WITH_METADATA = 1, 3, 4
IMAGE_TYPES = {"image/jpeg": 1, "image/png": 2}


class Heard(Struct, frozen=True):
    """An event of the log."""

    type: str
    job: str | None = None
    client: str | None = None
    at: float = 0.0
    data: Raw = Raw(b"{}")


@dataclass
class Told:
    """What a client has been told of a job that runs. nodes: how far those are that run now."""

    executed: list[str] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: set[str] = field(default_factory=set)
    current: str = ""
    cached: bool = False


def message(type: str, data: dict[str, Any]) -> bytes:
    """One message."""
    return json.encode({"type": type, "data": data})


def progress_of(id: str, node: str, state: str, value: float, most: float) -> dict[str, Any]:
    """How far a node is."""
    return {
        "value": value, "max": most, "state": state, "node_id": node, "prompt_id": id,
        "display_node_id": node, "parent_node_id": None, "real_node_id": node,
    }  # fmt: skip


class Narrator:
    """Tells one client of its own jobs."""

    def __init__(self) -> None:
        self._jobs: dict[str, Told] = {}

    def tell(self, heard: Heard) -> list[bytes]:
        """The messages that an event becomes."""
        if heard.job is None:
            return []
        id, data = heard.job, json.decode(heard.data)
        stamp = {"prompt_id": id, "timestamp": milliseconds(heard.at)}
        if heard.type == "job.started":
            self._jobs[id] = Told()
            return [message("execution_start", stamp)]
        told = self._jobs.get(id)
        if told is None:
            return []
        if heard.type == "node.started":
            return [*self._uncached(told, stamp), *self._started(id, told, data)]
        if heard.type == "progress":
            return self._progress(id, told, data)
        if heard.type == "nodes.cached":
            told.cached = True
            told.executed += data["nodes"]
            names = {**stamp, "nodes": list(data["nodes"])}
            return [
                message("execution_cached", names),
                *self._executed(id, told, data["outputs"]),
            ]
        if heard.type == "node.finished":
            return self._finished(id, told, data)
        if heard.type in ("job.done", "job.failed", "job.cancelled"):
            del self._jobs[id]
            ending = self._ending(id, told, heard.type, data, stamp)
            over = {"node": None, "display_node": None, "prompt_id": id}
            return [*self._uncached(told, stamp), *ending, message("executing", over)]
        return []

    def rejoin(self, job: Job) -> list[bytes]:
        """Go on with a job that runs already when its client connects."""
        told = self._jobs[job.id] = Told(ran(job), cached=True, outputs=set(job.report.outputs))
        running = [node for node, report in job.report.nodes.items() if report.state == "running"]
        for node in running:
            told.current = node
            told.types[node] = job.report.nodes[node].type
            told.nodes[node] = progress_of(job.id, node, "running", 0, 1)
        about = {"display_node": told.current, "prompt_id": job.id}
        return [message("executing", {"node": told.current, **about})] if running else []

    def _uncached(self, told: Told, stamp: dict[str, Any]) -> list[bytes]:
        """A run begins by saying what it need not do."""
        if told.cached:
            return []
        told.cached = True
        return [message("execution_cached", {**stamp, "nodes": []})]

    def _started(self, id: str, told: Told, data: dict[str, Any]) -> list[bytes]:
        node = told.current = data["node"]
        told.types[node] = data["type"]
        told.nodes[node] = progress_of(id, node, "running", 0, 1)
        about = {"node": node, "display_node": node, "prompt_id": id}
        return [message("executing", about), self._state(id, told)]

    def _state(self, id: str, told: Told) -> bytes:
        return message("progress_state", {"prompt_id": id, "nodes": told.nodes})

    def _progress(self, id: str, told: Told, data: dict[str, Any]) -> list[bytes]:
        node = data["node"]
        if node not in told.nodes:
            return []
        step, total = data["step"], data["total"]
        told.nodes[node] = progress_of(id, node, "running", step, total)
        about = {"value": step, "max": total, "prompt_id": id, "node": node}
        return [message("progress", about), self._state(id, told)]

    def _executed(self, id: str, told: Told, outputs: dict[str, Any]) -> list[bytes]:
        said = []
        for node, shown in outputs.items():
            made = shown_files(shown)
            if made and node not in told.outputs:
                told.outputs.add(node)
                about = {"node": node, "display_node": node, "output": made, "prompt_id": id}
                said.append(message("executed", about))
        return said

    def _finished(self, id: str, told: Told, data: dict[str, Any]) -> list[bytes]:
        node, done = data["node"], data["state"] == "ran"
        if done:
            told.executed.append(node)
        if node not in told.nodes:
            return []
        most = told.nodes[node]["max"]
        told.nodes[node] = progress_of(id, node, "finished" if done else "error", most, most)
        state = self._state(id, told)
        del told.nodes[node]
        return [*self._executed(id, told, data["outputs"]), state]

    def _ending(
        self, id: str, told: Told, type: str, data: dict[str, Any], stamp: dict[str, Any]
    ) -> list[bytes]:
        if type == "job.done":
            late = self._executed(id, told, data["outputs"])
            return [*late, message("execution_success", stamp)]
        if type == "job.failed":
            error = {**data["error"], "node": data["error"]["node"] or told.current}
            error["type"] = error["type"] or told.types.get(told.current, "")
            about = execution_error(id, error, data["failures"], told.executed, told.outputs)
            return [message("execution_error", {**about, **stamp})]
        kind = told.types.get(told.current, "")
        about = {"node_id": told.current, "node_type": kind, "executed": told.executed}
        return [message("execution_interrupted", {**about, **stamp})]


def words(heard: Heard) -> list[bytes]:
    """What output nodes said in words, each as a frame that stands beside its node."""
    if heard.type not in ("node.finished", "nodes.cached"):
        return []
    outputs = json.decode(heard.data)["outputs"]
    return [text_frame(node, "\n".join(s["text"])) for node, s in outputs.items() if s["text"]]


def text_frame(node: str, text: str) -> bytes:
    """A text beside a node: 3 and the length of the node's name in four bytes each, name, text."""
    name = node.encode()
    return TEXT.to_bytes(4, "big") + len(name).to_bytes(4, "big") + name + text.encode()


def preview(data: bytes, client: str, with_metadata: bool) -> bytes | None:
    """A preview of the event log as these clients read it, or None where it is another's.

    Four bytes, big-endian, say what follows: 1 the kind of picture (1 JPEG, 2 PNG) in four bytes
    and the picture; 4 the length of a JSON text in four bytes, the text, and the picture.
    """
    length = int.from_bytes(data[2:4], "big")
    head, picture = json.decode(data[4 : 4 + length]), data[4 + length :]
    if head["client"] != client:
        return None
    if not with_metadata:
        kind = IMAGE_TYPES[head["media_type"]]
        return PREVIEW.to_bytes(4, "big") + kind.to_bytes(4, "big") + picture
    text = json.encode(
        {
            "node_id": head["node"], "display_node_id": head["node"], "parent_node_id": None,
            "real_node_id": head["node"], "prompt_id": head["job"],
            "image_type": head["media_type"],
        }
    )  # fmt: skip
    return PREVIEW_WITH_METADATA.to_bytes(4, "big") + len(text).to_bytes(4, "big") + text + picture
