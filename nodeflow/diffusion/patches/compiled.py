"""A network compiled by torch (`torch.compile`) when it is first used."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from nodeflow.diffusion.recipe import Patch


class Backend(StrEnum):
    """Fused kernels made for this network and these sizes, or the usual ones launched as one."""

    INDUCTOR = "inductor"
    CUDAGRAPHS = "cudagraphs"


@dataclass(frozen=True, slots=True)
class Compiled(Patch):
    """What the network gives differs in the last bits, so its answers are recorded apart."""

    backend: Backend


def compiled_of(patches: Sequence[Patch]) -> Backend | None:
    """The backend of the last such patch."""
    return next((p.backend for p in reversed(patches) if isinstance(p, Compiled)), None)
