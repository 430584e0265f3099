"""What happens during a run, as data. A listener is called in the thread that runs it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from nodeflow.node.artifact import Artifacts

State = Literal["ran", "cached", "failed", "skipped"]
Tier = Literal["memory", "disk"]
Cause = Literal[
    "same", "cut off", "known", "not needed", "put back",
    "never computed", "literal", "file", "depends", "link", "upstream", "type", "code", "numerics",
    "evicted", "impure", "not kept", "again", "file gone", "failed", "upstream failed",
]  # fmt: skip
"""Why a node was reused (the first line) or ran."""


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """A node begins to run."""

    node: str
    type: str


@dataclass(frozen=True, slots=True)
class NodeProgress:
    """A running node has done `step` of `total` and needs about `left` seconds more."""

    node: str
    step: int
    total: int
    preview: bytes | None = None
    left: float | None = None


@dataclass(frozen=True, slots=True)
class NodeRetried:
    """A node failed and is called once more."""

    node: str
    type: str
    message: str


@dataclass(frozen=True, slots=True)
class NodeExpanded:
    """A node has become further ones."""

    node: str
    nodes: tuple[str, ...]


class NodeFinished(NamedTuple):
    """A node is done with: how, in how many seconds, and why it ran or did not.

    tier and age (seconds) say where a reused result was and when it was made. artifacts: what
    an output node made, now or earlier.
    """

    node: str
    type: str
    state: State
    seconds: float
    reason: str
    cause: Cause = "same"
    tier: Tier | None = None
    age: float | None = None
    artifacts: Artifacts | None = None


@dataclass(frozen=True, slots=True)
class MemoryFreed:
    """Memory ran out while a node ran: caches were emptied, and the node runs again."""

    node: str
    message: str


@dataclass(frozen=True, slots=True)
class CacheTrouble:
    """The cache could not be used; the run goes on without it."""

    message: str


Event: TypeAlias = (
    NodeStarted
    | NodeProgress
    | NodeRetried
    | NodeExpanded
    | NodeFinished
    | MemoryFreed
    | CacheTrouble
)
