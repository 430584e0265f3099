"""All families in the order in which they are tried, and the one that a UNet is of."""

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.families.family import Family
from nodeflow.diffusion.families.sd1 import SD1
from nodeflow.diffusion.families.sd2 import SD2
from nodeflow.diffusion.families.sdxl import REFINER, SDXL
from nodeflow.diffusion.families.upscaler import UPSCALER
from nodeflow.diffusion.recipe import ExtraChannels, FamilyName, Labels
from nodeflow.diffusion.unet.config import UNetConfig

FAMILIES: tuple[Family, ...] = (SD1, UPSCALER, SD2, SDXL, REFINER)


def family_named(name: FamilyName) -> Family:
    """A family by its name."""
    return next(family for family in FAMILIES if family.name is name)


def family_of(config: UNetConfig) -> Family:
    """The family of a UNet. Raises CheckpointError saying what was found and what is known."""
    family = next((family for family in FAMILIES if family.matches(config)), None)
    if family is None:
        raise CheckpointError(
            f"its UNet takes text of width {config.context_width}; known are 768 (Stable "
            "Diffusion 1), 1024 (2), 2048 (SDXL) and 1280 (SDXL refiner)"
        )
    return family


def inputs_of(family: Family, config: UNetConfig) -> tuple[ExtraChannels, Labels]:
    """What a UNet takes on further channels and beside the time. Raises CheckpointError."""
    if config.in_channels not in family.channels:
        known = ", ".join(f"{count} ({extra})" for count, extra in family.channels.items())
        raise CheckpointError(
            f"its UNet takes {config.in_channels} channels; {family.name} models take {known}"
        )
    labels = family.labels(config)
    if labels is None:
        raise CheckpointError(
            f"its UNet takes a label vector of width {config.label_width}, which no known "
            f"{family.name} model does"
        )
    return family.channels[config.in_channels], labels
