"""A quick look at a latent: by TAESD where its file is there, else by a linear map to RGB.

SD1, SD2: K. Turner, "Decoding latents to RGB without upscaling" (Hugging Face forum, 2022).
SDXL: T. A. Vass, "Explaining the SDXL latent space" (Hugging Face blog, 2024). The embedded
model's is a least-squares fit to eight of its pictures (R² 0.92 to 0.96).
"""

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.families.registry import family_named
from nodeflow.diffusion.recipe import FamilyName, ModelRecipe
from nodeflow.diffusion.residency import residency_of
from nodeflow.diffusion.sampling.host import Host

SHORTEST = 0.1
"""Seconds between two previews."""

EMBEDDED_CONTEXT = 192
"""Width of the embedded model's text embeddings, which no other model has."""

Colour = tuple[float, float, float]
log = logging.getLogger(__name__)
Decoder = Callable[[Tensor], Tensor]
"""An unscaled latent to its first picture `[H, W, 3]` in about -1..1."""


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


def autoencoder_scale(recipe: ModelRecipe) -> float:
    """The factor that the family's maps expect, also where a model normalises in its own way."""
    if recipe.latent_mean:
        return family_named(recipe.family).scale_factor
    return recipe.scale_factor


def colours(denoised: Tensor, recipe: ModelRecipe) -> Tensor:
    """The first latent of a batch (unscaled, 4 channels) by its colour map, `[h, w, 3]`."""
    table = colours_of(recipe)
    latent = denoised[0, :4].float().cpu() * autoencoder_scale(recipe)
    rgb = torch.einsum("chw,cr->hwr", latent, torch.tensor(table.channels))
    return rgb + torch.tensor(table.grey)


def tiny_decoder(recipe: ModelRecipe, host: Host) -> Decoder | None:
    """TAESD's decoder for a model's family, where it is wanted and lies in `vae_approx`."""
    if host.previews not in ("auto", "taesd") or recipe.context_width == EMBEDDED_CONTEXT:
        return None
    xl = recipe.family in (FamilyName.SDXL, FamilyName.REFINER)
    path = host.model_file("vae_approx", "taesdxl_decoder" if xl else "taesd_decoder")
    if path is None:
        if host.previews == "taesd":
            log.warning("no previews by TAESD: its decoder is not in models/vae_approx")
        return None
    residency = host.resources.get(*residency_of(host.device))
    try:
        vae = residency.preview_decoder(path, autoencoder_scale(recipe))
    except CheckpointError as error:
        log.warning("no previews by %s: %s", path.name, error)
        return None
    return lambda denoised: vae.decode(denoised[:1].float())[0].movedim(0, -1).cpu()


def preview(
    denoised: Tensor, recipe: ModelRecipe, decode: Decoder | None = None, side: int = 256
) -> bytes:
    """The first latent of a batch as a JPEG of at most `side` pixels."""
    from PIL import Image

    rgb = colours(denoised, recipe) if decode is None else decode(denoised)
    pixels = ((rgb + 1) / 2).clamp(0, 1).mul(255).round().byte().numpy()
    picture = Image.fromarray(pixels)
    picture.thumbnail((side, side))
    scale = side // max(picture.size) or 1
    if scale > 1:
        size = (picture.width * scale, picture.height * scale)
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
