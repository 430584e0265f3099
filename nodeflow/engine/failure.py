"""A node that failed while it ran."""

import errno
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

from nodeflow.node.folders import FileMissing

PLAIN = (
    "ValueError", "CheckpointError", "PictureError", "FileMissing", "ChangedInPlace",
    "FileReplaced",
)  # fmt: skip
"""Exceptions whose message says all."""


@dataclass(frozen=True, slots=True)
class NodeFailure:
    """Which node failed and how; `trace` is for the developer of the node."""

    node: str
    type: str
    message: str
    trace: str

    def __str__(self) -> str:
        return f"node '{self.node}' ({self.type}) failed: {self.message}"


def out_of_memory(error: BaseException) -> bool:
    """Whether memory, of the host or a device, has run out."""
    text = str(error)
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or ("alloc" in text and "memory" in text)
    )


def failure_of(
    node: str, kind: str, error: BaseException, holders: Sequence[tuple[str, int]] = ()
) -> NodeFailure:
    """What an exception says, in one line. holders: who has how many bytes of memory."""
    text = str(error).strip() or "no message"
    if out_of_memory(error):
        text = f"not enough memory ({text.splitlines()[0]})" if str(error) else "not enough memory"
        if holders:
            held = ", ".join(f"{who} {size / 1e6:,.0f} MB" for who, size in holders[:5])
            text = f"{text}, also after caches and models were let go; still held: {held}"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        text = f"the disk is full ({text})"
    if isinstance(error, FileMissing) and error.nearest:
        text = f"{text}; did you mean {' or '.join(error.nearest)}?"
    trace = "".join(traceback.format_exception(error))
    name = type(error).__name__
    message = text if name in PLAIN else f"{name}: {text}"
    return NodeFailure(node, kind, message, trace)
