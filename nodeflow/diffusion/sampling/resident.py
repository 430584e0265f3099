"""Sampling with a model recipe: its schedule, and its network in memory."""

from collections.abc import Callable
from functools import lru_cache

from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.recipe import ModelRecipe
from nodeflow.diffusion.residency import Residency, compute_dtype
from nodeflow.diffusion.sampling.ksampler import Request, sample
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule, stable_diffusion


@lru_cache(maxsize=2)
def standard_schedule(zero_snr: bool) -> DiscreteSchedule:
    """SD's schedule, computed once."""
    return stable_diffusion(zero_snr)


def schedule_of(recipe: ModelRecipe) -> DiscreteSchedule:
    """The noise levels of a model."""
    return standard_schedule(recipe.zero_snr)


def sample_resident(
    recipe: ModelRecipe, request: Request, residency: Residency, on_step: Callable[[int, int], None]
) -> Latent:
    """Sample with the network that `residency` holds; `on_step(done, total)` may raise."""
    model = DenoisingModel(
        residency.unet(recipe),
        recipe.prediction,
        schedule_of(recipe),
        compute_dtype(residency.device),
    )
    return sample(
        model,
        recipe.scale_factor,
        request,
        lambda done, total, denoised: on_step(done, total),
        residency.device,
    )
