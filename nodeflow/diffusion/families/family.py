"""What a family is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nodeflow.diffusion.recipe import ExtraChannels, FamilyName, Labels, Prediction, Tower
from nodeflow.diffusion.unet.config import UNetConfig

LATENT = 4
Values = Callable[[str], list[float] | None]
"""The numbers of a small tensor of the UNet by its name, or None where it has none."""


def always_eps(config: UNetConfig, values: Values) -> Prediction:
    """Of families whose files all predict epsilon, unless a marker says otherwise."""
    return Prediction.EPS


@dataclass(frozen=True)
class Family:
    """Models with one text encoder, one latent space and one noise schedule.

    matches: whether a UNet of these sizes is of the family.
    towers: its text encoders, in the order in which their features are joined.
    channels: what the input channels behind the latent's are, by the number of all.
    labels: what the vector beside the time is; None where no model of the family has such sizes.
    prediction: what an unmarked file predicts.
    """

    name: FamilyName
    matches: Callable[[UNetConfig], bool]
    towers: tuple[Tower, ...]
    channels: Mapping[int, ExtraChannels]
    labels: Callable[[UNetConfig], Labels | None]
    prediction: Callable[[UNetConfig, Values], Prediction] = always_eps
    scale_factor: float = 0.18215
    betas: tuple[float, float] = (0.00085, 0.012)
