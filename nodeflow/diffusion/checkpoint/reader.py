"""Reading tensors one at a time, so that no second copy of a file and no mapped page stays."""

from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import CheckpointError, TensorInfo, read_header
from nodeflow.diffusion.checkpoint.pickled import is_pickled, tensors_of
from nodeflow.diffusion.checkpoint.stored import Stored

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64, "I32": torch.int32,
}  # fmt: skip


class WeightsReader:
    """The tensors of one or several files."""

    def __init__(self, *paths: Path) -> None:
        self.tensors: dict[str, tuple[BinaryIO, TensorInfo]] = {}
        self._unpickled: dict[str, Tensor] = {}
        self._files: list[BinaryIO] = []
        for path in paths:
            header = read_header(path)
            file = path.open("rb")
            self._files.append(file)
            self.tensors.update({name: (file, info) for name, info in header.tensors.items()})
            if is_pickled(path):
                self._unpickled.update(tensors_of(path))

    def __enter__(self) -> "WeightsReader":
        return self

    def __exit__(self, *reason: object) -> None:
        self._unpickled.clear()
        for file in self._files:
            file.close()

    def read(self, name: str) -> Tensor:
        """One tensor in the file's dtype."""
        if name in self._unpickled:
            return self._unpickled[name]
        file, info = self.tensors[name]
        if info.dtype not in DTYPES:
            raise CheckpointError(f"it holds weights of type {info.dtype}")
        dtype = DTYPES[info.dtype]
        if info.end == info.start:
            return torch.empty(info.shape, dtype=dtype)
        data = bytearray(info.end - info.start)
        file.seek(info.start)
        if file.readinto(data) != len(data):  # type: ignore[attr-defined]
            raise CheckpointError("it became shorter while it was read")
        return torch.frombuffer(data, dtype=dtype).reshape(info.shape)

    def read_stored(self, stored: Stored) -> Tensor:
        """A weight as a module has it."""
        value = self.read(stored.name)
        if stored.third is not None:
            rows = len(value) // 3
            value = value[stored.third * rows : (stored.third + 1) * rows]
        return value.mT if stored.transposed and value.dim() == 2 else value
