"""Disks that are full (real ones, of memory): what the user is told, and that nothing is lost."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.server.serving import TRIVIAL, Serving, one
from tests.server.watching import ended, job, posted, until

SIZES = {"data": "6m", "cache": "4m", "work/output": "1m"}
LONG = "x" * 20_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    """A server whose folders lie on small disks."""
    mounted = []
    server = Serving(tmp_path)
    try:
        for name, size in SIZES.items():
            (tmp_path / name).mkdir(parents=True)
            command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(tmp_path / name)]
            if subprocess.run(command, capture_output=True).returncode:
                pytest.skip("disks of memory can be mounted by root alone")
            mounted.append(tmp_path / name)
        yield server
    finally:
        if server.process is not None:
            server.stop()
        for place in mounted:
            subprocess.run(["umount", str(place)], check=True)


@contextmanager
def full(server: Serving, name: str) -> Iterator[None]:
    """No room is left on a disk meanwhile."""
    ballast = server.folder / name / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 16, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    try:
        yield
    finally:
        ballast.unlink()


def picture(colour: int) -> dict[str, Any]:
    """A document that saves a picture."""
    empty = {"node": "EmptyImage", "width": 64, "height": 64, "batch_size": 1, "color": colour}
    save = {"node": "SaveImage", "images": "$empty", "filename_prefix": "a"}
    return {"nodes": {"empty": empty, "save": save}}


def test_a_full_disk_is_told_and_nothing_is_lost(server: Serving) -> None:
    with full(server, "cache"):
        server.start()
        assert server.run(picture(1))["state"] == "done"
    with full(server, "work/output"):
        failed = server.run(picture(2))
        assert failed["state"] == "failed" and "the disk is full" in failed["error"]["message"]
        left = {path.name for path in (server.folder / "work/output").iterdir()}
        assert left == {"ballast", "a_00001_.png"}
    assert server.run(picture(2))["state"] == "done"
    saved = server.call("PUT", "/api/v1/workflows/a.yaml", {"text": "nodes: {}"})
    assert saved.status == 201
    over = server.folder / "over"
    running = posted(server, one("Until", marker=str(over)))
    until(lambda: job(server, running)["state"] == "running", "the job running")
    waiting = posted(server, one("Show", value="waiting"))
    with full(server, "data"):
        refusals = (
            ("POST", "/api/v1/jobs", {"document": one("Show", value=LONG)}),
            ("PUT", "/api/v1/drafts/draft", {"content": LONG}),
            ("PATCH", "/api/v1/settings", {"values": {"long": LONG}}),
            ("PUT", "/api/v1/workflows/a.yaml", {"text": f"nodes: {{}} # {LONG}"}),
            ("POST", "/prompt", {"prompt": {"1": {"class_type": "Show", "inputs": {}}}}),
        )
        for method, path, body in refusals:
            answer = server.call(method, path, body, {"If-Match": "*"})
            assert answer.status == 507 and b"no_space" in answer.body, path
        health = "/api/v1/health"
        over.touch()
        until(lambda: server.call("GET", health).json["trouble"], "trouble told by health")
        assert server.call("GET", "/api/v1/workflows/a.yaml").json["text"] == "nodes: {}"
    for id in (running, waiting):
        assert ended(server, id)["state"] == "done"
    assert server.call("GET", health).json["trouble"] == ""
    assert server.run(TRIVIAL)["state"] == "done"


def test_the_token_is_never_empty(server: Serving) -> None:
    """A start on a full disk says so; the next one has a token that must be known."""
    with full(server, "data"), pytest.raises(AssertionError, match="make some"):
        server.start()
    (server.folder / "data" / "token").touch()
    server.start()
    assert len(server.token) > 20
    assert server.call("GET", "/api/v1/jobs", token="").status == 401
