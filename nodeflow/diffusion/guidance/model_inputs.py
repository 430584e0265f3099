"""What a model takes beside noise, time and text, made for each conditioning entry."""

from dataclasses import dataclass

from torch import Tensor

from nodeflow.diffusion.conditioning import ConditioningEntry
from nodeflow.diffusion.guidance.extra_channels import (
    depth_channel,
    edit_channels,
    inpaint_channels,
    upscale_channels,
)
from nodeflow.diffusion.guidance.labels import (
    MissingInput,
    image_labels,
    noise_level_label,
    refiner_labels,
    size_labels,
)
from nodeflow.diffusion.guidance.noise_augmentation import ImageNoise
from nodeflow.diffusion.guidance.pictures import Shown, shown
from nodeflow.diffusion.ip_adapter.patch import PicturePrompt
from nodeflow.diffusion.recipe import ExtraChannels, Labels
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule

SEED_OFFSET = -10
"""Noise of conditioning comes from a seed of its own, ten below the sampling's."""


@dataclass(frozen=True, eq=False)
class Takes:
    """What a model takes. `image_noise`: unCLIP's; `context_width`: of text, 0 if not known.

    pictures: those of IP-Adapters, in order.
    """

    labels: Labels = Labels.NONE
    extra: ExtraChannels = ExtraChannels.NONE
    scale_factor: float = 0.18215
    image_noise: ImageNoise | None = None
    context_width: int = 0
    pictures: tuple[PicturePrompt, ...] = ()


NOTHING = Takes()


@dataclass(frozen=True, eq=False)
class ModelInputs:
    """The makers of labels and extra channels for one sampling.

    latent: what sampling starts from, scaled `[B, 4, h, w]`; mask: `[B, 1, h, w]` or None.
    """

    takes: Takes
    latent: Tensor
    mask: Tensor | None
    seed: int

    def labels(self, entry: ConditioningEntry, negative: bool) -> Tensor | None:
        """The label vector `[1, width]`, the upscaler's class `[1]`, or None."""
        width = entry.embedding.shape[-1]
        if self.takes.context_width not in (0, width):
            raise MissingInput(
                f"the prompt was encoded to a width of {width}, this model takes "
                f"{self.takes.context_width}: encode it with the CLIP of the model's own family"
            )
        cells = (self.latent.shape[-2], self.latent.shape[-1])
        match self.takes.labels:
            case Labels.NONE:
                return None
            case Labels.SIZES:
                return size_labels(entry, cells)
            case Labels.REFINER:
                return refiner_labels(entry, cells, negative)
            case Labels.NOISE_LEVEL:
                return noise_level_label(entry)
            case Labels.IMAGE:
                if self.takes.image_noise is None:
                    raise MissingInput("this model's file lacks the noise_augmentor of unCLIP")
                return image_labels(
                    entry.image_prompts, self.takes.image_noise, self.seed + SEED_OFFSET
                )

    def pictures(self, negative: bool, schedule: DiscreteSchedule) -> tuple[Shown, ...]:
        """The pictures that one side looks at beside its text."""
        size = (self.latent.shape[-2], self.latent.shape[-1])
        return tuple(shown(p, negative, size, schedule) for p in self.takes.pictures)

    def extra(self, entry: ConditioningEntry) -> Tensor | None:
        """The channels behind the noisy latent `[B, n, h, w]`, or None."""
        match self.takes.extra:
            case ExtraChannels.NONE:
                return None
            case ExtraChannels.INPAINT:
                return inpaint_channels(
                    entry.extra, self.latent, self.mask, self.takes.scale_factor
                )
            case ExtraChannels.EDIT:
                return edit_channels(entry.extra, self.latent)
            case ExtraChannels.DEPTH:
                return depth_channel(entry.extra, self.latent)
            case ExtraChannels.UPSCALE:
                return upscale_channels(entry.extra, self.latent, self.seed + SEED_OFFSET)
