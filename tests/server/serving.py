"""A real server in a process of its own, and a client of it."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

from nodeflow.node.trust import TrustList

ROOT = Path(__file__).parents[2]
ALICE, BOB = "alice-has-this-token", "bob-has-another-token"
"""Tokens of the two users of `users_server`."""
TRIVIAL = {"nodes": {"text": {"node": "Show", "value": "hello"}}}
PLUGIN = '''
"""Small nodes for tests of the server."""

import os
import stat
import time

from nodeflow.node import Artifacts, RunContext, node


@node("Show", category="test", output=True)
def show(value: str = "", number: int = 0) -> Artifacts:
    """Show a text."""
    return Artifacts(text=(value,))


@node("Slow", category="test", output=True, pure=False)
def slow(context: RunContext, seconds: float = 1.0) -> Artifacts:
    """Take a while, a step every 20 ms."""
    steps = max(1, int(seconds / 0.02))
    for step in range(steps):
        time.sleep(0.02)
        context.progress(step + 1, steps)
    return Artifacts(text=("slept",))


@node("Stuck", category="test", output=True, pure=False)
def stuck(seconds: float = 60.0) -> Artifacts:
    """Take a while and hear nothing."""
    time.sleep(seconds)
    return Artifacts()


@node("Until", category="test", output=True, pure=False)
def until(marker: str) -> Artifacts:
    """Hear nothing until a file is there."""
    while not os.path.exists(marker):
        time.sleep(0.01)
    return Artifacts(text=("over",))


@node("Die", category="test", output=True, pure=False)
def die(marker: str = "", times: int = 1) -> Artifacts:
    """Kill its process, so many times as `marker` has no bytes yet."""
    size = os.path.getsize(marker) if os.path.exists(marker) else 0
    if size < times:
        with open(marker, "a") as file:
            file.write("x")
        os._exit(9)
    return Artifacts(text=("alive",))


@node("Fork", category="test", output=True, pure=False)
def fork(marker: str) -> Artifacts:
    """Leave a child behind that holds all that is open, and end."""
    if os.path.exists(marker):
        return Artifacts(text=("alive",))
    child = os.fork()
    if not child:
        time.sleep(600)
    with open(marker, "w") as file:
        file.write(str(child))
    os._exit(9)


@node("Hoard", category="test", output=True, pure=False)
def hoard(context: RunContext, megabytes: int = 1000) -> Artifacts:
    """Take memory bit by bit."""
    held = []
    for step in range(megabytes // 50):
        held.append(b"x" * 50_000_000)
        context.progress(step + 1, megabytes // 50)
        time.sleep(0.2)
    return Artifacts(text=("took it",))


@node("Greedy", category="test", output=True, pure=False)
def greedy() -> Artifacts:
    """Ask for more memory than there is."""
    return Artifacts(text=(str(len(bytearray(1 << 60))),))


@node("Loud", category="test", output=True, pure=False)
def loud(megabytes: int = 1) -> Artifacts:
    """Print much."""
    for _ in range(megabytes):
        print("x" * 1_000_000)
    return Artifacts(text=("printed",))


@node("Say", category="test", output=True, pure=False)
def say(text: str = "") -> Artifacts:
    """Print a line."""
    print(text)
    return Artifacts(text=("said",))


@node("Babble", category="test", output=True, pure=False)
def babble(marker: str, head: str) -> Artifacts:
    """Write nonsense into every socket of its process, once."""
    if os.path.exists(marker):
        return Artifacts(text=("quiet",))
    open(marker, "w").close()
    for descriptor in range(3, 100):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.write(descriptor, bytes.fromhex(head) + b"nonsense")
        except OSError:
            pass
    time.sleep(60)
    return Artifacts()


@node("Broken", category="test", output=True)
def broken() -> Artifacts:
    """Fail."""
    raise RuntimeError("broken on purpose")
'''


LINK = re.compile(rb"^nodeflow: https?://\S+:(\d+)/", re.MULTILINE)
PATIENCE = 60.0
"""Seconds for a start."""


@dataclass
class Answer:
    """Status, headers (lower case) and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Serving:
    """A server in `folder`; `call` sends one request with its token.

    port: the one that the server found free and told; a later start keeps it, for those who
    know it already.
    """

    folder: Path
    arguments: tuple[str, ...] = ()
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    lazy: bool = True
    tls: ssl.SSLContext | None = None
    program: tuple[str, ...] = ("-m", "nodeflow", "serve")

    def environment(self) -> dict[str, str]:
        """Caches and configuration of its own."""
        return {
            **os.environ,
            "NODEFLOW_CACHE": str(self.folder / "cache"),
            "NODEFLOW_CONFIG": str(self.folder / "config"),
            "NODEFLOW_DATA": str(self.folder / "data"),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
        }

    def command(self) -> list[str]:
        """How it is called, but for the port."""
        lazy = ["--lazy"] if self.lazy else []
        return [sys.executable, *self.program, "--device", "cpu", *lazy, *self.arguments]

    def plugin(self, name: str, code: str) -> None:
        """Write a plugin, and allow it."""
        file = self.folder / "work" / "plugins" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code, encoding="utf-8")
        TrustList(self.folder / "config" / "allowed.json").allow(file)

    def package(self, folder: Path) -> None:
        """Copy a plugin that is a folder, and allow it."""
        copy = self.folder / "work" / "plugins" / folder.name
        shutil.copytree(folder, copy)
        TrustList(self.folder / "config" / "allowed.json").allow(copy)

    def start(self) -> "Serving":
        """Start it and wait for its first answer."""
        work = self.folder / "work"
        if not (work / "plugins" / "small.py").is_file():
            self.plugin("small", PLUGIN)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self._listens(end):
                assert self.call("GET", "/api/v1/health").status == 200, self.log
                return self
            assert self.port and f"port {self.port} cannot be used" in self.log, self.log
            time.sleep(0.2)
        raise AssertionError(self.log)

    def _listens(self, end: float) -> bool:
        """Spawn it; whether it told its port before that time, and before it ended."""
        with (self.folder / "log").open("ab") as log:
            told = log.tell()
            self.process = subprocess.Popen(
                [*self.command(), "--port", str(self.port)],
                cwd=self.folder / "work", env=self.environment(), stdout=log, stderr=log,
            )  # fmt: skip
        while time.monotonic() < end:
            ended = self.process.poll() is not None
            if found := LINK.search((self.folder / "log").read_bytes(), told):
                self.port = int(found[1])
                return True
            if ended:
                return False
            time.sleep(0.01)
        return False

    @property
    def log(self) -> str:
        """All it printed."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def token(self) -> str:
        """Its token."""
        file = self.folder / "data" / "token"
        return file.read_text(encoding="ascii") if file.is_file() else ""

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None,
        token: str | None = None, timeout: float = 90,
    ) -> Answer:  # fmt: skip
        """One request; a body that is no bytes is sent as JSON. token: empty for none."""
        connection = (
            HTTPConnection("127.0.0.1", self.port, timeout=timeout)
            if self.tls is None
            else HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self.tls)
        )
        token = self.token if token is None else token
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body, {**sent, **(headers or {})})
            response = connection.getresponse()
            found = {key.lower(): value for key, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def run(self, document: Any, wait: float | None = None, **more: Any) -> Any:
        """Post a job and wait for its end, or for so many seconds; returns it."""
        first = 50 if wait is None else wait
        answer = self.call("POST", "/api/v1/jobs", {"document": document, "wait": first, **more})
        assert answer.status in (200, 202), answer.body
        if wait is None and answer.json["finished"] is None:
            answer = self.call("GET", f"/api/v1/jobs/{answer.json['id']}?wait=50")
        return answer.json

    def kill(self) -> None:
        """As the kernel would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """In order; returns its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def worker_pid(self) -> int:
        """The process of its first worker, once that is ready."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            worker = self.call("GET", "/api/v1/health").json["workers"][0]
            if worker["state"] != "starting":
                return int(worker["pid"])
            time.sleep(0.05)
        raise AssertionError(self.log)


@contextmanager
def serving(folder: Path, *arguments: str, lazy: bool = True) -> Iterator[Serving]:
    """A running server; a lazy one takes no time to load torch that nobody needs."""
    server = Serving(folder, arguments, lazy=lazy)
    try:
        yield server.start()
    finally:
        if server.process is not None:
            try:
                server.stop()
            except subprocess.TimeoutExpired:
                server.kill()


def one(kind: str, **inputs: Any) -> dict[str, Any]:
    """A document of one node."""
    return {"nodes": {"it": {"node": kind, **inputs}}}
