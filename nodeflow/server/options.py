"""How a server is started."""

from dataclasses import dataclass, field
from pathlib import Path

from nodeflow.node.context import Previews
from nodeflow.server.jobs.archive import Retention
from nodeflow.server.jobs.job import Limits
from nodeflow.server.process.messages import Places

DEFAULT_PORT = 8188
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Options:
    """data: the folder of the server's own files. tokens: token → user; the user is empty where
    there is only one. No tokens means that nobody is asked. memory_limit: bytes a worker."""

    places: Places
    data: Path
    cache: str | None
    tokens: dict[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    hosts: tuple[str, ...] = ()
    device: str = "auto"
    workers: int = 1
    memory_limit: int = 0
    hang: float = 120.0
    stall: float = 3600.0
    limits: Limits = field(default_factory=Limits)
    retention: Retention = field(default_factory=Retention)
    certificate: Path | None = None
    key: Path | None = None
    page: Path | None = None
    previews: Previews = "auto"
    lazy: bool = False
