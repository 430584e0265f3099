"""The tensors of mapped files: a weight that is used as it is stored is never copied."""

import mmap
import weakref
from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import CheckpointError, TensorInfo, read_header
from nodeflow.diffusion.checkpoint.pickled import is_pickled, unpickled
from nodeflow.diffusion.checkpoint.stored import Stored

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64, "I32": torch.int32,
}  # fmt: skip


def mapped(path: Path) -> mmap.mmap:
    """A file's bytes; what is written to them stays in this process."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


class WeightsReader:
    """The tensors of one or several files.

    A tensor lies on the mapped file. Its pages are let go with the last tensor that lies on them,
    so that where a model computes in another type than its file's, only one weight at a time is
    there twice.
    """

    def __init__(self, *paths: Path) -> None:
        self.tensors: dict[str, tuple[mmap.mmap, TensorInfo]] = {}
        self._unpickled: dict[str, Tensor] = {}
        for path in paths:
            header = read_header(path)
            if is_pickled(path):
                self._unpickled.update(unpickled(path).tensors)
            data = mapped(path)
            self.tensors.update({name: (data, info) for name, info in header.tensors.items()})

    def __enter__(self) -> "WeightsReader":
        return self

    def __exit__(self, *reason: object) -> None:
        self._unpickled.clear()
        self.tensors.clear()

    def read(self, name: str) -> Tensor:
        """One tensor in the file's dtype."""
        if name in self._unpickled:
            return self._unpickled[name]
        data, info = self.tensors[name]
        if info.dtype not in DTYPES:
            raise CheckpointError(f"it holds weights of type {info.dtype}")
        dtype = DTYPES[info.dtype]
        if info.end == info.start:
            return torch.empty(info.shape, dtype=dtype)
        if info.end > len(data):
            raise CheckpointError("it became shorter while it was read")
        view = memoryview(data)[info.start : info.end]
        if info.start % dtype.itemsize:  # kernels may not read numbers across their boundaries
            return torch.frombuffer(bytearray(view), dtype=dtype).reshape(info.shape)
        weakref.finalize(view, let_go, data, info.start, info.end).atexit = False
        return torch.frombuffer(view, dtype=dtype).reshape(info.shape)

    def read_stored(self, stored: Stored) -> Tensor:
        """A weight as a module has it."""
        value = self.read(stored.name)
        if stored.third is not None:
            rows = len(value) // 3
            value = value[stored.third * rows : (stored.third + 1) * rows]
        return value.mT if stored.transposed and value.dim() == 2 else value


def let_go(data: mmap.mmap, start: int, end: int) -> None:
    """Give back the whole pages of a part of a mapped file; they can be read again."""
    page = mmap.PAGESIZE
    first, last = -(-start // page) * page, end // page * page
    if hasattr(mmap, "MADV_DONTNEED") and first < last:
        data.madvise(mmap.MADV_DONTNEED, first, last - first)
