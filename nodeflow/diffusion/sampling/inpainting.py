"""Sampling under a mask (arXiv 2201.09865)."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.guidance.rows import Guidance, Guider
from nodeflow.diffusion.samplers.step import ModelCall


@dataclass(frozen=True, eq=False)
class Inpainting:
    """`guider`, with `latent` kept where `mask` is 0, noised with the same `noise`.

    of_level: the mask at a noise level, where it differs from `mask`.
    The unconditional denoised, where it is asked for too, is left as it is.
    """

    guider: Guider
    mask: Tensor
    latent: Tensor
    noise: Tensor
    of_level: Callable[[float], Tensor] | None = None

    def __call__(self, call: ModelCall) -> Guidance:
        """The denoised that sees and leaves the kept part as it is.

        Raises ValueError where the sampler has changed the latent's size.
        """
        if call.x.shape[-2:] != self.latent.shape[-2:]:
            raise ValueError(
                "this sampler changes the latent's size, and a noise mask is of one size: sample "
                "without the mask, or with another sampler"
            )
        kept = self.latent + self.noise * call.sigma
        mask = self.mask if self.of_level is None else self.of_level(call.sigma)
        x = call.x * mask + kept * (1 - mask)
        denoised = yield from self.guider(replace(call, x=x))
        guided = denoised[0] if call.both else denoised
        masked = guided * mask + self.latent * (1 - mask)
        return torch.stack([masked, denoised[1]]) if call.both else masked


def resize_mask(mask: Tensor, latent: Tensor) -> Tensor:
    """A mask of any size and batch as `[batch, 1, h, w]` of the latent."""
    mask = mask.float().reshape(-1, 1, mask.shape[-2], mask.shape[-1])
    if mask.shape[-2:] != latent.shape[-2:]:
        size = (latent.shape[-2], latent.shape[-1])
        mask = F.interpolate(mask, size, mode="bilinear", align_corners=False)
    if len(mask) < len(latent):
        mask = mask.repeat(math.ceil(len(latent) / len(mask)), 1, 1, 1)
    return mask[: len(latent)].to(latent)
