"""Adaptive projected guidance (arXiv 2410.02416): strong guidance without burnt colours.

The difference of the two sides is averaged over the steps, kept within a length, and weakened
where it only strengthens what the positive side has. As users' files expect it, cfg counts on top
of the positive side: cfg here is the paper's w minus 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.diffusion.recipe import Patch

IMAGE = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class ProjectedGuidance(Patch):
    """eta: share of the part along the positive side that is kept.

    norm_threshold: longest difference, 0 for no limit. momentum: of the running difference,
    negative against the steps before (the paper's advice).
    """

    eta: float
    norm_threshold: float
    momentum: float


def projected_of(patches: Sequence[Patch]) -> ProjectedGuidance | None:
    """The last such patch."""
    return next((p for p in reversed(patches) if isinstance(p, ProjectedGuidance)), None)


@dataclass
class Projection:
    """A patch over one sampling: it remembers the difference of the steps before."""

    patch: ProjectedGuidance
    _running: Tensor | None = None
    _sigma: float = float("inf")

    def __call__(self, wanted: Tensor, unwanted: Tensor, cfg: float, sigma: float) -> Tensor:
        """The guided denoised."""
        if sigma > self._sigma:
            self._running = None
        self._sigma = sigma
        difference = wanted - unwanted
        if self.patch.momentum:
            if self._running is not None:
                difference = self.patch.momentum * self._running + difference
            self._running = difference
        if self.patch.norm_threshold > 0:
            length = torch.linalg.vector_norm(difference, dim=IMAGE, keepdim=True)
            limit = self.patch.norm_threshold / length.clamp_min(1e-12)
            difference = difference * limit.clamp(max=1)
        own = torch.linalg.vector_norm(wanted, dim=IMAGE, keepdim=True)
        unit = wanted / own.clamp_min(1e-12)
        along = (difference * unit).sum(IMAGE, keepdim=True) * unit
        guided: Tensor = wanted + cfg * (difference - along + self.patch.eta * along)
        return guided
