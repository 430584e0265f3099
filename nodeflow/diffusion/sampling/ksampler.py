"""What KSampler and KSamplerAdvanced do: from a latent and a seed to a latent."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nodeflow.diffusion.conditioning import Conditioning
from nodeflow.diffusion.guidance.classifier_free import ClassifierFree
from nodeflow.diffusion.guidance.regions import resolve
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.noise import initial_noise
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.sampling.driver import (
    Denoise,
    Inpainting,
    OnStep,
    drive,
    first_x,
    resize_mask,
)
from nodeflow.diffusion.sampling.model import DenoisingModel


@dataclass(frozen=True, eq=False)
class Request:
    """One sampling. `sigmas` as `schedule.steps` makes them; `noise` False starts from zeros."""

    positive: Conditioning
    negative: Conditioning
    latent: Latent
    seed: int
    cfg: float
    sampler: SamplerName
    sigmas: Tensor
    noise: bool = True


def sample(
    model: DenoisingModel, scale_factor: float, request: Request, on_step: OnStep, device: str
) -> Latent:
    """Sample on `device`; the result lies on the CPU. An empty list of sigmas changes nothing.

    `on_step` is called after each step with (done, total, denoised latent, unscaled).
    """
    if len(request.sigmas) < 2:
        return request.latent
    given = request.latent.samples
    shape = tuple(given.shape)
    if request.noise:
        noise = initial_noise(shape, request.seed, request.latent.batch_index)
    else:
        noise = torch.zeros(shape)
    sigmas = [float(sigma) for sigma in request.sigmas]
    latent = given.float().to(device) * scale_factor
    noise = noise.to(device)
    positive, negative = resolve(request.positive, request.negative, shape, model.schedule)
    denoise: Denoise = ClassifierFree(model, positive, negative, request.cfg)
    mask = None
    if request.latent.noise_mask is not None:
        mask = resize_mask(request.latent.noise_mask, latent)
        kept_noise = noise
        if request.sampler == "ddim" and request.noise:
            kept_noise = initial_noise(shape, request.seed + 1).to(device)
        denoise = Inpainting(mask, latent, kept_noise).around(denoise)
    x = first_x(noise, latent, sigmas[0], model.schedule.sigma_max)

    def report(done: int, total: int, denoised: Tensor) -> None:
        on_step(done, total, denoised / scale_factor)

    with torch.no_grad():
        x = drive(denoise, x, sigmas, request.sampler, request.seed, report)
        if mask is not None:
            x = x * mask + latent * (1 - mask)
        samples = (x / scale_factor).cpu()
    return replace(request.latent, samples=samples)
