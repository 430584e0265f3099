"""A picture as CLIP sees it."""

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.vision.transformer import ClipVisionTransformer, ImageFeatures

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


def preprocess(image: Tensor, side: int, crop: bool = True) -> Tensor:
    """`[B, H, W, C]` in 0..1 to normalised `[B, 3, side, side]` (arXiv 2103.00020).

    Bicubic with antialiasing to the shorter side and cropped in the centre, or squeezed to a
    square without `crop`; rounded to 8 bits a channel, as CLIP was trained.
    """
    pixels = image[..., :3].movedim(-1, 1).float()
    height, width = pixels.shape[-2:]
    if (height, width) != (side, side):
        scale = side / min(height, width)
        size = (round(scale * height), round(scale * width)) if crop else (side, side)
        pixels = F.interpolate(pixels, size, mode="bicubic", antialias=True)
        y, x = (pixels.shape[-2] - side) // 2, (pixels.shape[-1] - side) // 2
        pixels = pixels[..., y : y + side, x : x + side]
    pixels = (255.0 * pixels).clamp(0, 255).round() / 255.0
    mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (MEAN, STD))
    return (pixels - mean) / std


def encode_picture(
    encoder: ClipVisionTransformer, image: Tensor, crop: bool = True
) -> ImageFeatures:
    """float32 features on the CPU."""
    weight = encoder.vision_model.embeddings.patch_embedding.weight
    with torch.no_grad():
        seen = encoder(preprocess(image, encoder.config.image, crop).to(weight))
    return ImageFeatures(
        seen.embedding.float().cpu(), seen.last.float().cpu(), seen.penultimate.float().cpu()
    )
