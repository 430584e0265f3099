"""Where a sampling happens, and what guidance is resolved for."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from nodeflow.diffusion.guidance.model_inputs import NOTHING, ModelInputs, Takes
from nodeflow.diffusion.guidance.rows import Guider
from nodeflow.diffusion.latent_scale import LatentScale
from nodeflow.diffusion.recipe import Patch
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule


@dataclass(frozen=True, eq=False)
class Space:
    """Where a model works: its noise levels, its scale, the device, what it takes besides.

    patches: the model's, of which guidance looks for those that change it.
    """

    schedule: DiscreteSchedule
    scale: LatentScale
    device: str = "cpu"
    takes: Takes = NOTHING
    patches: tuple[Patch, ...] = ()


@dataclass(frozen=True, eq=False)
class Setting:
    """What guidance is resolved for: scaled latent `[B, C, h, w]`, mask `[B, 1, h, w]` or None.

    items: the images' numbers in the batch from which they were picked, or None.
    sigmas: the noise levels of the steps, where they are known.
    """

    space: Space
    latent: Tensor
    mask: Tensor | None
    seed: int
    items: tuple[int, ...] | None = None
    sigmas: tuple[float, ...] = ()

    @property
    def inputs(self) -> ModelInputs:
        """Makes what the model takes beside noise, time and text."""
        return ModelInputs(self.space.takes, self.latent, self.mask, self.seed)


class GuidanceValue(Protocol):
    """Prompts and how they guide, before the latent's size is known."""

    def guider(self, setting: Setting) -> Guider:
        """Resolved for one sampling."""
