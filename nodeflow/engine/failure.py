"""A node that failed while it ran."""

import traceback
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeFailure:
    """Which node failed and how; `trace` is for the developer of the node."""

    node: str
    type: str
    message: str
    trace: str

    def __str__(self) -> str:
        return f"node '{self.node}' ({self.type}) failed: {self.message}"


def failure_of(node: str, kind: str, error: BaseException) -> NodeFailure:
    """What an exception says, in one line."""
    text = str(error).strip() or "no message"
    if isinstance(error, MemoryError) or ("alloc" in text and "memory" in text):
        text = f"not enough memory ({text.splitlines()[0]})"
    trace = "".join(traceback.format_exception(error))
    name = type(error).__name__
    message = (
        text if name in ("ValueError", "CheckpointError", "PictureError") else f"{name}: {text}"
    )
    return NodeFailure(node, kind, message, trace)
