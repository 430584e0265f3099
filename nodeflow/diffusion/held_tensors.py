"""Tensors as a plain value: equal where their content is."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class HeldTensors:
    """Tensors by name, on the CPU, with the digest of their content."""

    tensors: "Mapping[str, Tensor]"
    fingerprint: str

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)


H = TypeVar("H", bound=HeldTensors)


def held_as(kind: type[H], tensors: "Mapping[str, Tensor]") -> H:
    """Tensors as such a value."""
    import torch

    kept = {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}
    digest = blake2b(digest_size=16)
    for name, tensor in kept.items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return kind(kept, digest.hexdigest())
