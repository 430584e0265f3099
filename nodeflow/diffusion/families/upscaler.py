"""Stable Diffusion's x4 upscaler: OpenCLIP ViT-H/14, a small picture on three more channels."""

from nodeflow.diffusion.families.family import LATENT, Family, Values
from nodeflow.diffusion.recipe import ExtraChannels, FamilyName, Labels, Prediction, Tower
from nodeflow.diffusion.unet.config import UNetConfig


def always_v(config: UNetConfig, values: Values) -> Prediction:
    """It was trained to predict velocity."""
    return Prediction.V


UPSCALER = Family(
    name=FamilyName.UPSCALER,
    matches=lambda config: config.context_width == 1024 and config.label_classes is not None,
    towers=(Tower.H,),
    channels={LATENT + 3: ExtraChannels.UPSCALE},
    labels=lambda config: Labels.NOISE_LEVEL,
    prediction=always_v,
    scale_factor=0.08333,
    betas=(0.0001, 0.02),
)
