"""A quick look at a latent: a fixed linear map to RGB, an eighth of the picture's size.

SD1, SD2: K. Turner, "Decoding latents to RGB without upscaling" (Hugging Face forum, 2022).
SDXL: T. A. Vass, "Explaining the SDXL latent space" (Hugging Face blog, 2024).
"""

import io

import torch
from torch import Tensor

SD1 = (
    (0.298, 0.207, 0.208), (0.187, 0.286, 0.173), (-0.158, 0.189, 0.264), (-0.184, -0.271, -0.473),
)  # fmt: skip
SD1_GREY = (0.0, 0.0, 0.0)
SDXL = (
    (60 / 127.5, 60 / 127.5, 60 / 127.5), (-60 / 127.5, -5 / 127.5, 10 / 127.5),
    (25 / 127.5, 15 / 127.5, -5 / 127.5), (-70 / 127.5, -50 / 127.5, -35 / 127.5),
)  # fmt: skip
SDXL_GREY = (22.5 / 127.5, 12.5 / 127.5, 2.5 / 127.5)
SDXL_SCALE = 0.13025
SHORTEST = 0.1
"""Seconds between two previews."""


def preview(denoised: Tensor, scale_factor: float, side: int = 256) -> bytes:
    """The first latent of a batch (unscaled, 4 channels) as a JPEG of at most `side` pixels."""
    from PIL import Image

    is_sdxl = abs(scale_factor - SDXL_SCALE) < 1e-4
    factors, grey = (SDXL, SDXL_GREY) if is_sdxl else (SD1, SD1_GREY)
    latent = denoised[0, :4].float().cpu() * scale_factor
    rgb = torch.einsum("chw,cr->hwr", latent, torch.tensor(factors)) + torch.tensor(grey)
    pixels = ((rgb + 1) / 2).clamp(0, 1).mul(255).round().byte().numpy()
    picture = Image.fromarray(pixels)
    scale = side // max(picture.size) or 1
    if scale > 1:
        size = (picture.width * scale, picture.height * scale)
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
