"""Differential diffusion (arXiv 2306.00950): a grey mask says from which step on a cell changes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.diffusion.recipe import Patch
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule


@dataclass(frozen=True, slots=True)
class DifferentialDiffusion(Patch):
    """`strength` of the step's mask, the rest of the grey one."""

    strength: float = 1.0


def differential_of(patches: Sequence[Patch]) -> DifferentialDiffusion | None:
    """The last such patch."""
    return next((p for p in reversed(patches) if isinstance(p, DifferentialDiffusion)), None)


@dataclass(frozen=True, eq=False)
class StepMask:
    """The mask at a noise level: 1 where it is at least the share of timesteps ahead, and not 0."""

    patch: DifferentialDiffusion
    mask: Tensor
    schedule: DiscreteSchedule
    first: float
    last: float

    def __call__(self, sigma: float) -> Tensor:
        """`[B, 1, h, w]`."""
        start, end, now = self.time(self.first), self.time(self.last), self.time(sigma)
        threshold = (now - end) / (start - end) if start != end else 0.0
        step = ((self.mask >= threshold) & (self.mask > 0)).to(self.mask)
        return self.patch.strength * step + (1 - self.patch.strength) * self.mask

    def time(self, sigma: float) -> float:
        """The timestep of a level, that of the lowest for 0."""
        return float(self.schedule.timestep(torch.tensor(max(sigma, self.schedule.sigma_min))))
