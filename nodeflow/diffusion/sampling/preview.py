"""A quick look at a latent: a fixed linear map to RGB, an eighth of the picture's size.

SD1, SD2: K. Turner, "Decoding latents to RGB without upscaling" (Hugging Face forum, 2022).
SDXL: T. A. Vass, "Explaining the SDXL latent space" (Hugging Face blog, 2024). The embedded
model's is a least-squares fit to eight of its pictures (R² 0.92 to 0.96).
"""

import io
from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.diffusion.recipe import FamilyName, ModelRecipe

SHORTEST = 0.1
"""Seconds between two previews."""

EMBEDDED_CONTEXT = 192
"""Width of the embedded model's text embeddings, which no other model has."""

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class ColourMap:
    """Red, green and blue in -1..1: the colour of each of four scaled channels, and of zeros."""

    channels: tuple[Colour, Colour, Colour, Colour]
    grey: Colour = (0.0, 0.0, 0.0)


SD1 = ColourMap(
    ((0.298, 0.207, 0.208), (0.187, 0.286, 0.173), (-0.158, 0.189, 0.264), (-0.184, -0.271, -0.473))
)
SDXL = ColourMap(
    ((0.471, 0.471, 0.471), (-0.471, -0.039, 0.078), (0.196, 0.118, -0.039),
     (-0.549, -0.392, -0.275)),
    (0.176, 0.098, 0.020),
)  # fmt: skip
EMBEDDED = ColourMap(
    ((-0.133, -0.070, -0.006), (0.343, 0.447, -0.093), (0.313, -0.172, -0.357),
     (-0.111, 0.070, -0.440)),
    (0.300, 0.062, -0.026),
)  # fmt: skip


def colours_of(recipe: ModelRecipe) -> ColourMap:
    """The map of a model's latent space."""
    if recipe.context_width == EMBEDDED_CONTEXT:
        return EMBEDDED
    return SDXL if recipe.family in (FamilyName.SDXL, FamilyName.REFINER) else SD1


def preview(denoised: Tensor, recipe: ModelRecipe, side: int = 256) -> bytes:
    """The first latent of a batch (unscaled, 4 channels) as a JPEG of at most `side` pixels."""
    from PIL import Image

    colours = colours_of(recipe)
    latent = denoised[0, :4].float().cpu() * recipe.scale_factor
    rgb = torch.einsum("chw,cr->hwr", latent, torch.tensor(colours.channels))
    rgb = rgb + torch.tensor(colours.grey)
    pixels = ((rgb + 1) / 2).clamp(0, 1).mul(255).round().byte().numpy()
    picture = Image.fromarray(pixels)
    scale = side // max(picture.size) or 1
    if scale > 1:
        size = (picture.width * scale, picture.height * scale)
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
