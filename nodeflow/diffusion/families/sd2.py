"""Stable Diffusion 2 and Turbo: OpenCLIP ViT-H/14; depth, inpainting and unCLIP among them."""

from statistics import pstdev

from nodeflow.diffusion.families.family import LATENT, Family, Values
from nodeflow.diffusion.recipe import ExtraChannels, FamilyName, Labels, Prediction, Tower
from nodeflow.diffusion.unet.config import UNetConfig

TELLING = (
    "output_blocks.11.1.transformer_blocks.0.norm1.bias",
    "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias",
)
SPREAD_OF_V = 0.09
"""Files say nowhere what they predict. The biases of the last norm spread wider in those that
predict v; people's tools tell them apart by this number, so the same files come out the same."""
UNCLIP = {1536, 2048}


def prediction(config: UNetConfig, values: Values) -> Prediction:
    """v for the 768 px models and unCLIP; eps for 512 px, inpainting and depth."""
    if config.in_channels != LATENT:
        return Prediction.EPS
    biases = values(TELLING[0]) or values(TELLING[1])
    spread = pstdev(biases) if biases else 0.0
    return Prediction.V if spread > SPREAD_OF_V else Prediction.EPS


def labels(config: UNetConfig) -> Labels | None:
    """unCLIP takes an image embedding of ViT-L or ViT-H and as many sinusoids."""
    if config.label_width is None:
        return Labels.NONE
    return Labels.IMAGE if config.label_width in UNCLIP else None


SD2 = Family(
    name=FamilyName.SD2,
    matches=lambda config: config.context_width == 1024 and config.label_classes is None,
    towers=(Tower.H,),
    channels={
        LATENT: ExtraChannels.NONE,
        LATENT + 1: ExtraChannels.DEPTH,
        LATENT + 4: ExtraChannels.EDIT,
        LATENT + 5: ExtraChannels.INPAINT,
    },
    labels=labels,
    prediction=prediction,
)
