"""The inspector as the server uses it: questions, answers, and a new one where it died."""

import asyncio
import logging
from itertools import count

from nodeflow.server.http.fault import Fault
from nodeflow.server.process.blame import Blame
from nodeflow.server.process.messages import (
    Answer,
    Ask,
    FromProcess,
    Ready,
    Refusal,
    Setup,
    Stop,
)
from nodeflow.server.process.questions import AnyQuestion, AskModelHash
from nodeflow.server.process.supervise import ChildProcess

PATIENCE = 60.0
LONG_PATIENCE = 3600.0
log = logging.getLogger("nodeflow.inspector")


class Inspector:
    """Asks the inspector process; a question that kills it gets a 503 and no second try."""

    def __init__(self, setup: Setup, blame: Blame) -> None:
        self._setup, self._blame = setup, blame
        self._numbers = count(1)
        self._open: dict[int, asyncio.Future[Answer]] = {}
        self._ready = asyncio.Event()
        self._stopping = False
        self._failures = 0
        self._restarts: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Spawn the process; questions wait until it is ready."""
        self._process = ChildProcess("inspector", self._setup, self._hear, self._gone, self._blame)
        await self._process.start()

    async def ask(self, question: AnyQuestion) -> Answer:
        """The answer. Raises Fault where there is none."""
        long = isinstance(question, AskModelHash)
        try:
            async with asyncio.timeout(LONG_PATIENCE if long else PATIENCE):
                await self._ready.wait()
                id = next(self._numbers)
                future = self._open[id] = asyncio.get_running_loop().create_future()
                try:
                    self._process.send(Ask(id, question))
                    answer: Answer = await future
                    return answer
                finally:
                    self._open.pop(id, None)
        except TimeoutError:
            if not long:
                self._process.kill("it did not answer")
            raise Fault(503, "unavailable", "reading this took too long") from None

    def refresh(self) -> None:
        """Look at plugins again."""
        self._process.refresh()

    async def stop(self) -> None:
        """End the process."""
        self._stopping = True
        self._process.send(Stop())
        await self._process.wait(2.0)

    def _hear(self, message: FromProcess) -> None:
        if isinstance(message, Ready):
            self._ready.set()
            self._failures = 0
        elif isinstance(message, Answer | Refusal):
            future = self._open.get(message.id)
            if future is None or future.done():
                return
            if isinstance(message, Answer):
                future.set_result(message)
            else:
                future.set_exception(
                    Fault(message.status, message.code, message.detail, message.problems)
                )

    def _gone(self, reason: str) -> None:
        self._ready.clear()
        for future in self._open.values():
            if not future.done():
                future.set_exception(Fault(503, "unavailable", f"the inspector: {reason}"))
        if not self._stopping:
            log.error("the inspector is gone: %s; a new one starts", reason)
            self._failures += 1
            task = asyncio.create_task(self._again())
            self._restarts.add(task)
            task.add_done_callback(self._restarts.discard)

    async def _again(self) -> None:
        while not self._stopping:
            await asyncio.sleep(min(30.0, 0.1 * 2 ** min(self._failures, 10)))
            try:
                return await self.start()
            except OSError as error:
                log.error("the inspector cannot be started: %s", error)
                self._failures += 1
