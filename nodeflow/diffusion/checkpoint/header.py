"""The header of a safetensors file: names, dtypes and shapes, read without torch.

Format: 8 bytes little-endian length, then JSON (huggingface/safetensors).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

from nodeflow.diffusion.checkpoint.pickled import is_pickled, unpickled
from nodeflow.diffusion.checkpoint.problem import CheckpointError

__all__ = ["CheckpointError", "Header", "TensorInfo", "read_header"]
HEADER_LIMIT = 100_000_000
ITEM_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1,
    "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "U32": 4, "U64": 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor: dtype as safetensors writes it, shape, byte range in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Header:
    """All tensors of a file by name, and its metadata."""

    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str]

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of a tensor, or None where there is none of that name."""
        info = self.tensors.get(name)
        return None if info is None else info.shape


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise CheckpointError("its header names a tensor twice")
    return found


def read_header(path: Path) -> Header:
    """Read and check the header. Raises CheckpointError for anything but sound safetensors.

    A file that is as it was, by size, time and inode, is not read again.
    """
    try:
        found = path.stat()
        if is_pickled(path):
            return _pickled_header(path)
    except OSError as error:
        raise CheckpointError(f"it cannot be read: {error.strerror}") from None
    return _read(path, found.st_size, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=16)
def _read(path: Path, size: int, modified: int, inode: int) -> Header:
    try:
        with path.open("rb") as file:
            first = file.read(8)
            length = int.from_bytes(first, "little")
            if len(first) < 8 or length > HEADER_LIMIT or length < 2:
                raise CheckpointError("it is not a safetensors file")
            if 8 + length > size:
                raise CheckpointError("it is truncated within its header, or not safetensors")
            text = file.read(length)
    except OSError as error:
        raise CheckpointError(f"it cannot be read: {error.strerror}") from None
    try:
        data = json.loads(text, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError):
        raise CheckpointError("it is not a safetensors file: its header is no JSON") from None
    if not isinstance(data, dict):
        raise CheckpointError("it is not a safetensors file: its header is no mapping")
    metadata = data.pop("__metadata__", {})
    base = 8 + length
    tensors = {name: _info(name, entry, base, size) for name, entry in data.items()}
    _check_overlaps(tensors)
    return Header(tensors, metadata if isinstance(metadata, dict) else {})


def _pickled_header(path: Path) -> Header:
    content = unpickled(path)
    codes = {
        "float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64", "int64": "I64",
        "int32": "I32", "uint8": "U8", "bool": "BOOL",
    }  # fmt: skip
    return Header(
        {
            name: TensorInfo(codes.get(str(t.dtype).split(".")[1], "other"), tuple(t.shape), 0, 0)
            for name, t in content.tensors.items()
        },
        content.metadata,
    )


def _info(name: str, entry: Any, base: int, size: int) -> TensorInfo:
    try:
        dtype, shape = str(entry["dtype"]), tuple(int(n) for n in entry["shape"])
        start, end = (int(n) for n in entry["data_offsets"])
        bytes_wanted = prod(shape) * ITEM_BYTES[dtype]
    except (KeyError, TypeError, ValueError, OverflowError):
        raise CheckpointError(f"its header describes '{name}' wrongly") from None
    if min(shape, default=0) < 0 or start < 0 or end - start != bytes_wanted:
        raise CheckpointError(f"the size of '{name}' does not fit its shape {list(shape)}")
    if base + end > size:
        raise CheckpointError(
            f"it is truncated: '{name}' ends at byte {base + end:,}, the file at {size:,}"
        )
    return TensorInfo(dtype, shape, base + start, base + end)


def _check_overlaps(tensors: Mapping[str, TensorInfo]) -> None:
    ranges = sorted((info.start, info.end, name) for name, info in tensors.items())
    for (_, end, first), (start, stop, second) in pairwise(ranges):
        if start < end and stop > start:
            raise CheckpointError(f"'{first}' and '{second}' overlap in it")
