"""Pictures to latents and back with people's conventions (range, layout, cropping)."""

import torch
from torch import Tensor

from nodeflow.diffusion.vae.model import AutoencoderKL
from nodeflow.diffusion.vae.tiny import TinyAutoencoder

CELL = 8


def crop_to_cells(image: Tensor) -> Tensor:
    """`[B, H, W, C]` cropped in the centre to multiples of 8.

    Raises ValueError where it is smaller than one latent cell.
    """
    height, width = (side // CELL * CELL for side in image.shape[1:3])
    if not height or not width:
        high, wide = image.shape[1:3]
        raise ValueError(f"a picture of {wide} x {high} is smaller than {CELL} x {CELL} pixels")
    y, x = (side % CELL // 2 for side in image.shape[1:3])
    return image[:, y : y + height, x : x + width]


def encode_image(vae: AutoencoderKL | TinyAutoencoder, image: Tensor) -> Tensor:
    """The posterior's mean, unscaled, float32 `[B, 4, H/8, W/8]` on the CPU.

    `image`: float32 `[B, H, W, 3]` in 0..1; encoded picture by picture to bound memory.
    Raises ValueError where it is smaller than one latent cell.
    """
    weight = next(vae.parameters())
    # Planes: GroupNorm of interleaved channels depends on the number of threads.
    pixels = (crop_to_cells(image)[..., :3].movedim(-1, 1) * 2 - 1).contiguous()
    with torch.no_grad():
        latents = [
            vae.encode(item.to(weight.device, weight.dtype)).float().cpu()
            for item in torch.split(pixels, 1)
        ]
    return torch.cat(latents)


def decode_latent(vae: AutoencoderKL | TinyAutoencoder, samples: Tensor) -> Tensor:
    """float32 `[B, H, W, 3]` in 0..1 on the CPU, picture by picture to bound memory."""
    weight = next(vae.parameters())
    with torch.no_grad():
        pictures = [
            ((vae.decode(item.to(weight.device, weight.dtype)).float() + 1) / 2).clamp(0, 1).cpu()
            for item in samples.unsqueeze(1)
        ]
    return torch.cat(pictures).movedim(1, -1).contiguous()
