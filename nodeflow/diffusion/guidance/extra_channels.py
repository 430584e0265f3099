"""What inpainting, editing, depth and upscaling models take behind the noisy latent."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.conditioning import ExtraImage
from nodeflow.diffusion.guidance.labels import MissingInput
from nodeflow.diffusion.guidance.noise_augmentation import noised_picture

GREY = (0.8223, -0.6876, 0.6364, 0.1380)
"""What a picture of the value 0 in -1..1 is in the model's latent space."""


def fitted(picture: Tensor, like: Tensor) -> Tensor:
    """`[b, c, h, w]` cropped in the centre to the aspect of `like`, bilinear to its size, and
    repeated to its batch."""
    height, width = like.shape[-2:]
    rows, columns = picture.shape[-2:]
    if (rows, columns) != (height, width):
        if columns / rows > width / height:
            cut = round((columns - columns * (width / height) / (columns / rows)) / 2)
            picture = picture[..., :, cut : columns - cut]
        elif columns / rows < width / height:
            cut = round((rows - rows * (columns / rows) / (width / height)) / 2)
            picture = picture[..., cut : rows - cut, :]
        picture = F.interpolate(picture, (height, width), mode="bilinear", align_corners=False)
    if len(picture) < len(like):
        picture = picture.repeat(math.ceil(len(like) / len(picture)), 1, 1, 1)
    return picture[: len(like)].to(like)


def inpaint_channels(
    extra: ExtraImage | None, latent: Tensor, mask: Tensor | None, scale_factor: float
) -> Tensor:
    """Mask, then masked latent. Without a mask all is made anew, from grey.

    latent: scaled `[B, 4, h, w]`, what sampling starts from; mask: `[B, 1, h, w]` or None.
    """
    if extra is not None:
        latent = fitted(extra.latent.float() * scale_factor, latent)
        if extra.mask is not None:
            given = extra.mask.float()
            mask = fitted(given.reshape(-1, 1, given.shape[-2], given.shape[-1]), latent)
    if mask is None:
        grey = torch.tensor(GREY[: latent.shape[1]]).to(latent).reshape(1, -1, 1, 1)
        return torch.cat([torch.ones_like(latent[:, :1]), grey.expand_as(latent)], dim=1)
    return torch.cat([mask.round().to(latent), latent], dim=1)


def edit_channels(extra: ExtraImage | None, latent: Tensor) -> Tensor:
    """The unscaled latent of the picture to edit (arXiv 2211.09800), zeros without one."""
    return torch.zeros_like(latent) if extra is None else fitted(extra.latent.float(), latent)


def depth_channel(extra: ExtraImage | None, latent: Tensor) -> Tensor:
    """The depth map in -1..1. Raises MissingInput without one."""
    if extra is None or extra.latent.shape[1] != 1:
        raise MissingInput("this model needs a depth map: put DepthConditioning before the sampler")
    return fitted(extra.latent.float(), latent)


def upscale_channels(extra: ExtraImage | None, latent: Tensor, seed: int) -> Tensor:
    """The small picture in -1..1 with its noise, zeros without one."""
    if extra is None:
        return torch.zeros_like(latent[:, :3])
    picture = fitted(extra.latent.float(), latent[: len(extra.latent)])
    return fitted(noised_picture(picture, extra.noise_augmentation, seed)[0], latent)
