"""SDXL base and refiner (arXiv 2307.01952), pruned, Turbo and Lightning ones among them."""

from nodeflow.diffusion.families.family import LATENT, Family
from nodeflow.diffusion.recipe import ExtraChannels, FamilyName, Labels, Tower

CHANNELS = {
    LATENT: ExtraChannels.NONE,
    LATENT + 4: ExtraChannels.EDIT,
    LATENT + 5: ExtraChannels.INPAINT,
}
BASE_LABELS = 1280 + 6 * 256
REFINER_LABELS = 1280 + 5 * 256

SDXL = Family(
    name=FamilyName.SDXL,
    matches=lambda config: config.context_width == 2048,
    towers=(Tower.L, Tower.G),
    channels=CHANNELS,
    labels=lambda config: Labels.SIZES if config.label_width == BASE_LABELS else None,
    scale_factor=0.13025,
)

REFINER = Family(
    name=FamilyName.REFINER,
    matches=lambda config: config.context_width == 1280,
    towers=(Tower.G,),
    channels=CHANNELS,
    labels=lambda config: Labels.REFINER if config.label_width == REFINER_LABELS else None,
    scale_factor=0.13025,
)
