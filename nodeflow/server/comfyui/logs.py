"""`/internal/logs`, `/internal/folder_paths`: what the server says and where models lie.

Only for a server of one user: what workers print may come from anybody's job.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from msgspec import Struct

from nodeflow.server.comfyui.body import body_of
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call
from nodeflow.server.process.places import model_root

KEPT, LONGEST = 500, 4000
SIZE = {"cols": 120, "rows": 40}
Entry = dict[str, str]


class RecentLog(logging.Handler):
    """The newest lines; `listeners` are told of each in the loop, `subscribers` are client ids."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self.listeners: set[Callable[[Entry], None]] = set()
        self.subscribers: set[str] = set()
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line; any thread may call."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat()
        entry = {"t": time, "m": self.format(record)[:LONGEST] + "\n"}
        self._loop.call_soon_threadsafe(self._tell, entry)

    def _tell(self, entry: Entry) -> None:
        self.entries.append(entry)
        for listener in self.listeners:
            listener(entry)


RECENT: web.AppKey[RecentLog] = web.AppKey("recent log", RecentLog)


async def recent(app: web.Application) -> AsyncIterator[None]:
    """Keep the log's newest lines while the server runs."""
    logger = logging.getLogger("nodeflow")
    logger.addHandler(app[RECENT])
    yield
    logger.removeHandler(app[RECENT])


class Subscribe(Struct, frozen=True):
    """Whether a client wants new lines."""

    clientId: str  # noqa: N815
    enabled: bool


def log_of(call: Call) -> RecentLog:
    """The log. Raises Fault where the server has several users."""
    if call.user:
        raise Fault(403, "forbidden", "logs are for a server of one user")
    return call.request.app[RECENT]


async def text(call: Call) -> str:
    """All lines as one text."""
    return "".join(f"{entry['t']} - {entry['m']}" for entry in log_of(call).entries)


async def raw(call: Call) -> dict[str, Any]:
    """All lines."""
    return {"entries": list(log_of(call).entries), "size": SIZE}


async def subscribe(call: Call) -> web.Response:
    """Tell a client of new lines over its websocket, or no longer."""
    asked = await body_of(call, Subscribe)
    subscribers = log_of(call).subscribers
    if asked.enabled and len(subscribers) < KEPT:
        subscribers.add(asked.clientId)
    else:
        subscribers.discard(asked.clientId)
    return web.Response()


async def folder_paths(call: Call) -> dict[str, list[str]]:
    """Where models of each kind lie."""
    log_of(call)
    found: dict[str, list[str]] = {}
    for place in call.state.options.places.models:
        for kind, folders in model_root(place).folders.items():
            found.setdefault(kind, []).extend(map(str, folders))
    return found
