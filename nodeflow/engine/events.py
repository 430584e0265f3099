"""What happens during a run, as data."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

State = Literal["ran", "cached", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """A node begins to run."""

    node: str
    type: str


@dataclass(frozen=True, slots=True)
class NodeProgress:
    """A running node has done `step` of `total`."""

    node: str
    step: int
    total: int
    preview: bytes | None = None


@dataclass(frozen=True, slots=True)
class NodeFinished:
    """A node is done with: how, in how many seconds, and why it ran or did not."""

    node: str
    type: str
    state: State
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class CacheTrouble:
    """The cache could not be used; the run goes on without it."""

    message: str


Event: TypeAlias = NodeStarted | NodeProgress | NodeFinished | CacheTrouble
