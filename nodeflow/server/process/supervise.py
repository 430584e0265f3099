"""A child process and the pipe to it, seen from the server's event loop."""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from msgspec import msgpack

from nodeflow.server.process.channel import frame
from nodeflow.server.process.messages import FromProcess, Heartbeat, Message, Ready, Setup

OUTPUT_LIMIT = 1_000_000
"""Bytes of a process's own prints that are kept in the log between two restarts."""
log = logging.getLogger("nodeflow.process")
_decode = msgpack.Decoder(FromProcess).decode  # type: ignore[arg-type]


class ChildProcess:
    """One spawned process. `on_message` and `on_exit` are called in the loop."""

    def __init__(
        self, name: str, setup: Setup, on_message: Callable[[FromProcess], None],
        on_exit: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.name, self._setup = name, setup
        self._on_message, self._on_exit = on_message, on_exit
        self.ready = False
        self.memory = 0
        self.last_heard = time.monotonic()
        self.reason = ""
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def pid(self) -> int | None:
        """The process id, None before it is started."""
        process = getattr(self, "_process", None)
        return None if process is None else int(process.pid)

    async def start(self) -> None:
        """Spawn it and send its set-up."""
        ours, theirs = socket.socketpair()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "nodeflow.server.process", str(theirs.fileno()),
                pass_fds=(theirs.fileno(),), stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
                env=environment,
            )  # fmt: skip
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=1 << 22)
        self.send(self._setup)
        self.last_heard = time.monotonic()
        self._tasks = [asyncio.create_task(job) for job in (self._receive(), self._log())]

    def send(self, message: Message) -> None:
        """Send without waiting; a process that is gone is noticed elsewhere."""
        if not self._writer.is_closing():
            self._writer.write(frame(message))

    def kill(self, reason: str) -> None:
        """End it now; `on_exit` follows with this reason."""
        self.reason = self.reason or reason
        with suppress(ProcessLookupError):
            self._process.kill()

    async def wait(self, seconds: float) -> None:
        """Wait for its end, and end it after that time."""
        try:
            await asyncio.wait_for(asyncio.shield(self._tasks[0]), seconds)
        except TimeoutError:
            self.kill("it did not stop")
            await self._tasks[0]

    async def _receive(self) -> None:
        try:
            while True:
                head = await self._reader.readexactly(4)
                body = await self._reader.readexactly(int.from_bytes(head, "big"))
                self.last_heard = time.monotonic()
                message = _decode(body)
                if isinstance(message, Heartbeat):
                    self.memory = message.memory
                elif isinstance(message, Ready):
                    self.ready = True
                self._on_message(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except Exception:
            log.exception("%s said what nobody understands", self.name)
        with suppress(ProcessLookupError):
            self._process.kill()
        code = await self._process.wait()
        self._writer.close()
        self.ready = False
        self._on_exit(self.reason or ended(code))

    async def _log(self) -> None:
        """Prints of nodes and plugins go to the log, cut where they are too many."""
        assert self._process.stdout is not None
        left = OUTPUT_LIMIT
        while block := await self._process.stdout.read(1 << 16):
            if left > 0:
                text = block[:left].decode("utf-8", "replace").rstrip()
                log.info("%s: %s", self.name, text)
                left -= len(block)
                if left <= 0:
                    log.warning("%s prints too much, the rest is dropped", self.name)


def ended(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"it exited with {code}"
    name = signal.Signals(-code).name
    return f"it was killed ({name})" + (", perhaps out of memory" if name == "SIGKILL" else "")
