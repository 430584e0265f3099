"""Pickled checkpoints (`.ckpt`, `.pt`, `.pth`, `.bin`): read only where a person asks for it.

Unpickling can run code; torch's weights-only loader refuses everything but tensors and plain
containers. `NODEFLOW_PICKLED=allow` in the environment is the person's word.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodeflow.diffusion.checkpoint.problem import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

VARIABLE = "NODEFLOW_PICKLED"
SUFFIXES = (".ckpt", ".pt", ".pth", ".bin")
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


def tensors_of(path: Path) -> dict[str, "Tensor"]:
    """All tensors of a pickled file by name, mapped where torch can.

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
    return {
        str(name): value.detach() for name, value in data.items() if isinstance(value, torch.Tensor)
    }


def _zipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"
