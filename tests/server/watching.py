"""What tests see of a server's processes, jobs and events."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from websockets.sync.client import ClientConnection, connect

from tests.server.serving import ROOT, Serving

PATIENCE = 90.0


def until(seen: Callable[[], Any], what: str) -> Any:
    """Wait for something true; returns it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := seen():
            return found
        time.sleep(0.02)
    raise AssertionError(f"never seen: {what}")


def sampling(steps: int, seed: int = 1) -> dict[str, Any]:
    """The example workflow, long enough to be interrupted."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "workflows/txt2img.yaml").read_text())
    document["nodes"]["sampler"] |= {"steps": steps, "seed": seed}
    return document


def posted(server: Serving, document: Any, **more: Any) -> str:
    """The id of a job that was accepted."""
    answer = server.call("POST", "/api/v1/jobs", {"document": document, **more})
    assert answer.status in (200, 202), answer.body
    return str(answer.json["id"])


def job(server: Serving, id: str, wait: float = 0) -> Any:
    """A job as it stands, or once it has ended."""
    return server.call("GET", f"/api/v1/jobs/{id}?wait={wait}").json


def ended(server: Serving, id: str) -> Any:
    """A job that has ended."""
    return until(
        lambda: (
            (found := job(server, id, 20))["state"] in ("done", "failed", "cancelled") and found
        ),
        f"the end of {id}",
    )


def at_step(server: Serving, id: str, step: int) -> Any:
    """A job that has done so many steps of its sampling."""

    def seen() -> Any:
        found = job(server, id)
        assert found["state"] in ("queued", "running"), found
        progress = found["progress"]
        return progress and progress["node"] == "sampler" and progress["step"] >= step and found

    return until(seen, f"step {step} of {id}")


@contextmanager
def listening(server: Serving, since: int | None = None) -> Iterator[ClientConnection]:
    """The stream of events."""
    url = f"ws://127.0.0.1:{server.port}/api/v1/events?previews=false"
    if since is not None:
        url += f"&since={since}"
    headers = {"Authorization": f"Bearer {server.token}"}
    with connect(url, additional_headers=headers) as socket:
        yield socket


def heard(socket: ClientConnection, type: str, id: str = "") -> list[Any]:
    """Durable events up to the first of that type and job, that one last."""
    found: list[Any] = []
    while True:
        event = json.loads(socket.recv(timeout=PATIENCE))
        if "seq" in event and event["type"] != "hello":
            found.append(event)
            if event["type"] == type and id in ("", event["job"]):
                return found


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        with Path(f"/proc/{pid}/stat").open(encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True
