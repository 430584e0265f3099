"""DDPM's ancestral sampling (arXiv 2006.11239) and the consistency sampler (2310.04378)."""

from collections.abc import Sequence
from math import sqrt

from torch import Tensor

from nodeflow.diffusion.noise import StepNoise
from nodeflow.diffusion.resize import Method, resize
from nodeflow.diffusion.samplers.step import ModelCall, Sampling, slope


def ddpm(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """The posterior's mean and variance, on `x / sqrt(1 + sigma²)`, acp = 1 / (1 + sigma²)."""
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = yield ModelCall(x, sigma, i)
        acp, acp_next = 1 / (1 + sigma**2), 1 / (1 + sigma_next**2)
        alpha = acp / acp_next
        epsilon = slope(x, denoised, sigma)
        scaled = x * sqrt(acp)
        x = (scaled - (1 - alpha) * epsilon / sqrt(1 - acp)) / sqrt(alpha)
        if sigma_next > 0:
            spread = sqrt((1 - alpha) * (1 - acp_next) / (1 - acp))
            x = (x + noise(x, sigma, sigma_next) * spread) / sqrt(acp_next)
    return x


def lcm(x: Tensor, sigmas: Sequence[float], noise: StepNoise) -> Sampling:
    """The denoised itself, noised again to the next level."""
    for i in range(len(sigmas) - 1):
        x = yield ModelCall(x, sigmas[i], i)
        if sigmas[i + 1] > 0:
            x = x + noise(x, sigmas[i], sigmas[i + 1]) * sigmas[i + 1]
    return x


def lcm_upscale(
    x: Tensor, sigmas: Sequence[float], noise: StepNoise, *,
    scale: float = 2.0, scale_steps: int = -1, method: Method = "bislerp",
) -> Sampling:  # fmt: skip
    """The consistency sampler on a latent that grows, as ComfyUI's SamplerLCMUpscale has it.

    Each of the first `scale_steps` denoised latents (-1: of the first half) is resized by an equal
    share of what is missing to `scale`, then noised again.
    """
    steps = max(len(sigmas) // 2, 1) if scale_steps < 0 else min(scale_steps, len(sigmas))
    rows, columns = x.shape[-2:]
    for i in range(len(sigmas) - 1):
        x = yield ModelCall(x, sigmas[i], i)
        if i < steps:
            by = 1 + (scale - 1) * (i + 1) / steps
            x = resize(x, max(1, round(columns * by)), max(1, round(rows * by)), method)
        if sigmas[i + 1] > 0:
            x = x + noise(x, sigmas[i], sigmas[i + 1]) * sigmas[i + 1]
    return x
