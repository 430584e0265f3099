"""Tensors written as a safetensors file."""

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """Write a file beside its name first, then in place; who may read it is left to the umask."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        partial.touch()
        mode = partial.stat().st_mode
        save_file({n: t.contiguous() for n, t in tensors.items()}, partial, dict(facts))
        partial.chmod(mode)  # safetensors leaves its files to their owner alone
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
