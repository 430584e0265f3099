"""The one sampling loop: every sampler runs in it, and may be stopped between two calls."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.noise import ancestral_noise, brownian_noise
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.samplers.registry import SAMPLERS

Denoise = Callable[[Tensor, float], Tensor]
OnStep = Callable[[int, int, Tensor], None]
"""(steps done, steps in all, denoised latent of the step); may raise to stop."""


@dataclass(frozen=True, eq=False)
class Inpainting:
    """Keep `latent` where `mask` is 0, noised with the same `noise` (arXiv 2201.09865)."""

    mask: Tensor
    latent: Tensor
    noise: Tensor

    def around(self, denoise: Denoise) -> Denoise:
        """The denoiser that sees and leaves the kept part as it is."""

        def masked(x: Tensor, sigma: float) -> Tensor:
            kept = self.latent + self.noise * sigma
            denoised = denoise(x * self.mask + kept * (1 - self.mask), sigma)
            return denoised * self.mask + self.latent * (1 - self.mask)

        return masked


def resize_mask(mask: Tensor, latent: Tensor) -> Tensor:
    """A mask of any size and batch as `[batch, 1, h, w]` of the latent."""
    mask = mask.float().reshape(-1, 1, mask.shape[-2], mask.shape[-1])
    if mask.shape[-2:] != latent.shape[-2:]:
        size = (latent.shape[-2], latent.shape[-1])
        mask = F.interpolate(mask, size, mode="bilinear", align_corners=False)
    if len(mask) < len(latent):
        mask = mask.repeat(math.ceil(len(latent) / len(mask)), 1, 1, 1)
    return mask[: len(latent)].to(latent)


def first_x(noise: Tensor, latent: Tensor, sigma: float, sigma_max: float) -> Tensor:
    """The latent noised to the first sigma; variance-preserving where that is the highest."""
    if sigma > sigma_max or math.isclose(sigma, sigma_max, rel_tol=1e-5):
        return noise * math.sqrt(1 + sigma**2) + latent
    return noise * sigma + latent


def drive(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], name: SamplerName, seed: int,
    on_step: OnStep,
) -> Tensor:  # fmt: skip
    """Run a sampler from `x` at the first sigma down to the last; returns the last x."""
    entry = SAMPLERS[name]
    levels = torch.tensor(sigmas)
    if entry.noise == "brownian" and int((levels > 0).sum()) > 1:
        noise = brownian_noise(x, seed, levels)
    else:
        noise = ancestral_noise(seed, x.device)
    steps = len(sigmas) - 1
    sampling = entry.sampler(x, sigmas, noise)
    done, denoised = 0, x
    try:
        call = next(sampling)
        while True:
            if call.step > done:
                done = call.step
                on_step(done, steps, denoised)
            denoised = denoise(call.x, call.sigma)
            call = sampling.send(denoised)
    except StopIteration as end:
        on_step(steps, steps, denoised)
        result: Tensor = end.value
        return result
