"""An adapter that lies in memory instead of a file: what training gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nodeflow.diffusion.adapters.patch import target_for
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, TensorInfo
from nodeflow.diffusion.held_tensors import HeldTensors, held_as
from nodeflow.diffusion.recipe import Tower, WeightPatch

if TYPE_CHECKING:
    from torch import Tensor, nn

    from nodeflow.diffusion.room import Allocate


class HeldAdapter(HeldTensors):
    """Tensors under the names of an adapter file."""

    @property
    def header(self) -> Header:
        """Names and shapes, as a file's header has them."""
        infos = {
            name: TensorInfo(str(tensor.dtype), tuple(tensor.shape), 0, 0)
            for name, tensor in self.tensors.items()
        }
        return Header(infos, {})


def held(tensors: "Mapping[str, Tensor]") -> HeldAdapter:
    """An adapter of tensors."""
    return held_as(HeldAdapter, tensors)


@dataclass(frozen=True, slots=True)
class HeldAdapterPatch(WeightPatch):
    """The changes of an adapter at a strength; 1 is as it was trained."""

    adapter: HeldAdapter
    strength: float

    def apply(self, module: "nn.Module", tower: Tower | None, allocate: "Allocate") -> None:
        from nodeflow.diffusion.adapters.apply import apply_entries, fit_to

        found = fit_to(self.adapter.header, module, target_for(tower))
        if not found.entries:
            raise CheckpointError("the adapter changes nothing in this model: another family")
        apply_entries(found, self.adapter.tensors.__getitem__, self.strength, module, allocate)
