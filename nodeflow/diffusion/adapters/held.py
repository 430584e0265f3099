"""An adapter that lies in memory instead of a file: what training gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from nodeflow.diffusion.adapters.patch import target_for
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, TensorInfo
from nodeflow.diffusion.recipe import Tower, WeightPatch

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class HeldAdapter:
    """Tensors under the names of an adapter file; equal where the content is."""

    tensors: "Mapping[str, Tensor]"
    fingerprint: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HeldAdapter) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @property
    def header(self) -> Header:
        """Names and shapes, as a file's header has them."""
        infos = {
            name: TensorInfo(str(tensor.dtype), tuple(tensor.shape), 0, 0)
            for name, tensor in self.tensors.items()
        }
        return Header(infos, {})


def held(tensors: "Mapping[str, Tensor]") -> HeldAdapter:
    """Tensors, on the CPU, as a value with the digest of its content."""
    import torch

    kept = {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}
    digest = blake2b(digest_size=16)
    for name, tensor in kept.items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return HeldAdapter(kept, digest.hexdigest())


@dataclass(frozen=True, slots=True)
class HeldAdapterPatch(WeightPatch):
    """The changes of an adapter at a strength; 1 is as it was trained."""

    adapter: HeldAdapter
    strength: float

    def apply(self, module: "nn.Module", tower: Tower | None) -> None:
        from nodeflow.diffusion.adapters.apply import apply_entries, fit_to

        found = fit_to(self.adapter.header, module, target_for(tower))
        if not found.entries:
            raise CheckpointError("the adapter changes nothing in this model: another family")
        apply_entries(found, self.adapter.tensors.__getitem__, self.strength, module)
