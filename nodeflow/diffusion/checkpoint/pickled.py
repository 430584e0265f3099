"""Pickled checkpoints (`.ckpt`, `.pt`, `.pth`, `.bin`): read only where a person asks for it.

Unpickling can run code; torch's weights-only loader refuses everything but tensors and plain
containers. `NODEFLOW_PICKLED=allow` in the environment is the person's word.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodeflow.diffusion.checkpoint.problem import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

VARIABLE = "NODEFLOW_PICKLED"
SUFFIXES = (".ckpt", ".pt", ".pth", ".bin")
DEEPEST = 8
HOW = "convert it to safetensors, or allow such files with --allow-pickled"


def allowed() -> bool:
    """Whether pickled files may be read."""
    return os.environ.get(VARIABLE) == "allow"


def is_pickled(path: Path) -> bool:
    """Whether a file begins like a zip archive or a pickle, as torch writes them."""
    with path.open("rb") as file:
        first = file.read(8)
    length = int.from_bytes(first, "little")
    begins = first[:1] == b"\x80" or first[:4] == b"PK\x03\x04"
    # A sound safetensors header may be 128 bytes long too, which begins like a pickle.
    return begins and 8 + length > path.stat().st_size


@dataclass(frozen=True)
class Unpickled:
    """What a pickled file holds: tensors, those of nested parts under dotted names
    (`image_proj.norm.weight`, `768.0.linear.0.weight`), and plain values beside them as text."""

    tensors: "Mapping[str, Tensor]"
    metadata: Mapping[str, str]


def unpickled(path: Path) -> Unpickled:
    """The content of a pickled file, mapped where torch can.

    Raises CheckpointError where it is not allowed, or holds more than weights.
    """
    if not allowed():
        raise CheckpointError(f"it is a pickled checkpoint, which can run code: {HOW}")
    import torch

    data: Any
    try:
        data = torch.load(path, map_location="cpu", weights_only=True, mmap=_zipped(path))
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(
            f"it is pickled and holds more than weights, or is damaged: {reason}"
        ) from None
    for key in ("state_dict", "params_ema", "params", "model"):
        if isinstance(data, Mapping) and isinstance(data.get(key), Mapping):
            data = data[key]
    if not isinstance(data, Mapping):
        raise CheckpointError("it is pickled and holds no mapping of weights")
    found = {name: value for name, value in _leaves(data) if isinstance(value, torch.Tensor)}
    return Unpickled({name: value.detach() for name, value in found.items()}, _told(data))


def _leaves(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Everything in nested mappings and sequences by dotted name."""
    if isinstance(value, Mapping):
        inner: Iterable[tuple[Any, Any]] = value.items()
    elif isinstance(value, list | tuple):
        inner = enumerate(value)
    else:
        yield name, value
        return
    if depth > DEEPEST:
        raise CheckpointError(f"it is pickled and nested more than {DEEPEST} deep at '{name}'")
    for key, item in inner:
        yield from _leaves(item, f"{name}.{key}" if name else str(key), depth + 1)


def _told(data: Mapping[Any, Any]) -> dict[str, str]:
    """Plain values of the outermost mapping: text as it is, others as JSON."""
    told = {}
    for key, value in data.items():
        items = value if isinstance(value, list | tuple) else [value]
        if isinstance(value, str):
            told[str(key)] = value
        elif all(item is None or isinstance(item, bool | int | float | str) for item in items):
            told[str(key)] = json.dumps(value)
    return told


def _zipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"
