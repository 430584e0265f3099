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

from msgspec import DecodeError, msgpack
from msgspec.structs import replace

from nodeflow.server.process.blame import Blame
from nodeflow.server.process.channel import FRAME_LIMIT, frame
from nodeflow.server.process.messages import (
    FromProcess,
    Heartbeat,
    Importing,
    Message,
    Ready,
    Refresh,
    Setup,
    ThreadFailed,
)

OUTPUT_LIMIT, OUTPUT_PERIOD = 1_000_000, 60.0
"""Bytes of a process's own prints that reach the log in so many seconds."""
TAIL = 20_000
"""Characters of its last prints, among which the stack of its death stands."""
LAST_WORDS = 2.0
"""Seconds to read what an ended process said last, and for one that hung up to end."""
log = logging.getLogger("nodeflow.process")
_decode = msgpack.Decoder(FromProcess).decode  # type: ignore[arg-type]


class ChildProcess:
    """One spawned process. `on_message` and `on_exit` are called in the loop.

    importing: the plugin that it imports; since: when that began.
    """

    def __init__(
        self, name: str, setup: Setup, on_message: Callable[[FromProcess], None],
        on_exit: Callable[[str], None], blame: Blame,
    ) -> None:  # fmt: skip
        self.name, self._setup, self._blame = name, setup, blame
        self._on_message, self._on_exit = on_message, on_exit
        self.importing: Importing | None = None
        self.ready = False
        self.memory = 0
        self.last_heard = self.since = time.monotonic()
        self.reason = self._said = ""
        self._imported: dict[Importing, None] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def pid(self) -> int | None:
        """The process id, None before it is started."""
        process = getattr(self, "_process", None)
        return None if process is None else int(process.pid)

    async def start(self) -> None:
        """Spawn it, in a process group of its own, and send its set-up. Raises OSError."""
        ours, theirs = socket.socketpair()
        heard, said = socket.socketpair()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with theirs, said:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "nodeflow.server.process", str(theirs.fileno()),
                    pass_fds=(theirs.fileno(),), stdin=asyncio.subprocess.DEVNULL,
                    stdout=said.fileno(), stderr=said.fileno(), env=environment,
                    start_new_session=True,
                )  # fmt: skip
            except OSError:
                ours.close()
                heard.close()
                raise
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=1 << 22)
        output, closing = await asyncio.open_connection(sock=heard)
        self.send(replace(self._setup, deadly=self._blame.deadly))
        self.last_heard = time.monotonic()
        both = self._live(), self._log(output, closing)
        self._tasks = [asyncio.create_task(work) for work in both]

    def send(self, message: Message) -> None:
        """Send without waiting; a process that is gone is noticed elsewhere."""
        if not self._writer.is_closing():
            self._writer.write(frame(message))

    def kill(self, reason: str) -> None:
        """End it now, with all it forked; `on_exit` follows with this reason."""
        if self._process.returncode is None:
            self.reason = self.reason or reason
            self._kill_group()

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def wait(self, seconds: float) -> None:
        """Wait for its end, and end it after that time."""
        try:
            await asyncio.wait_for(asyncio.shield(self._tasks[0]), seconds)
        except TimeoutError:
            self.kill("it did not stop")
            await self._tasks[0]

    async def _live(self) -> None:
        """Until it hangs up or ends: one that forked may do the second without the first."""
        receiving = asyncio.create_task(self._receive())
        ending = asyncio.create_task(self._process.wait())
        await asyncio.wait({receiving, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            await asyncio.wait({ending}, timeout=LAST_WORDS)
        self._kill_group()
        code = await ending
        await asyncio.wait({receiving}, timeout=LAST_WORDS)
        receiving.cancel()
        self._writer.close()
        self.ready = False
        reason = self.reason or ended(code, self.memory)
        await asyncio.wait({self._tasks[1]}, timeout=LAST_WORDS)
        stack = "" if code == -signal.SIGKILL else self._said
        self._blame.died(self.importing, stack, reason, self._imported)
        self._on_exit(reason)

    async def _receive(self) -> None:
        try:
            while True:
                size = int.from_bytes(await self._reader.readexactly(4), "big")
                if size > FRAME_LIMIT:
                    raise DecodeError(f"a message of {size:,} bytes")
                message = _decode(await self._reader.readexactly(size))
                self.last_heard = time.monotonic()
                self._heard(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except DecodeError as error:
            log.error("%s said what nobody understands: %s", self.name, error)
        except Exception:  # a fault of ours costs this process and its job, never the server
            log.exception("what %s said could not be taken in", self.name)

    def _heard(self, message: FromProcess) -> None:
        if isinstance(message, Heartbeat):
            self.memory = message.memory
        elif isinstance(message, Ready):
            self.ready = True
        elif isinstance(message, Importing):
            self._imports(message)
        elif isinstance(message, ThreadFailed):
            self._blame.failed(message.files, message.error, self._imported)
        self._on_message(message)

    def _imports(self, message: Importing) -> None:
        if self.importing is not None:
            self._blame.survived(self.importing)
        self.importing = message if message.path else None
        if self.importing is not None:
            self._blame.begins(self.importing)
            self._imported[self.importing] = None
        self.since = time.monotonic()

    def refresh(self) -> None:
        """Look at plugins again; a process that hangs at a deadly one is of no use."""
        if self.importing is not None and self.importing.digest in self._blame.deadly:
            self.kill("it did not finish importing a plugin")
        else:
            self.send(Refresh(self._blame.deadly))

    async def _log(self, output: asyncio.StreamReader, closing: asyncio.StreamWriter) -> None:
        """Prints of nodes and plugins go to the log, cut where they are too many."""
        left, until = OUTPUT_LIMIT, time.monotonic() + OUTPUT_PERIOD
        with suppress(ConnectionError):
            while block := await output.read(1 << 16):
                self._said = (self._said + block.decode("utf-8", "replace"))[-TAIL:]
                if time.monotonic() > until:
                    left, until = OUTPUT_LIMIT, time.monotonic() + OUTPUT_PERIOD
                if left > 0:
                    text = block[:left].decode("utf-8", "replace").rstrip()
                    about = {"process": self.name}
                    log.info("%s: %s", self.name, text, extra={"about": about})
                    left -= len(block)
                    if left <= 0:
                        log.warning("%s prints too much, the rest is dropped", self.name)
        closing.close()


def ended(code: int, memory: int) -> str:
    """How a process ended, in words. memory: bytes that it held at last."""
    if code >= 0:
        return f"it exited with {code}"
    name = signal.Signals(-code).name
    if name == "SIGKILL":
        return f"it was killed ({name}, perhaps out of memory: it held {memory / 1e9:.1f} GB)"
    return f"it was killed ({name})"
