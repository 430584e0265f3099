"""Sampling with a model recipe: its schedule, and its network in memory."""

from collections.abc import Callable
from functools import lru_cache, partial

from torch import Tensor

from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.recipe import ModelRecipe
from nodeflow.diffusion.residency import Residency, compute_dtype
from nodeflow.diffusion.sampling.evaluate import evaluate
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.sampling.trajectory import Space, Trajectory, answered, travel
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule, stable_diffusion


@lru_cache(maxsize=2)
def standard_schedule(zero_snr: bool) -> DiscreteSchedule:
    """SD's schedule, computed once."""
    return stable_diffusion(zero_snr)


def schedule_of(recipe: ModelRecipe) -> DiscreteSchedule:
    """The noise levels of a model."""
    return standard_schedule(recipe.zero_snr)


def model_of(recipe: ModelRecipe, residency: Residency) -> DenoisingModel:
    """The denoiser, its network in memory."""
    dtype = compute_dtype(residency.device)
    return DenoisingModel(residency.unet(recipe), recipe.prediction, schedule_of(recipe), dtype)


def sample_resident(
    recipe: ModelRecipe,
    trajectory: Trajectory,
    residency: Residency,
    on_step: Callable[[int, int], None],
) -> Latent:
    """Sample with the network that `residency` holds; `on_step(done, total)` may raise."""

    def report(done: int, total: int, denoised: Tensor) -> None:
        on_step(done, total)

    space = Space(schedule_of(recipe), recipe.scale_factor, residency.device)
    descent = travel(trajectory, space, report)
    return answered(descent, partial(evaluate, model_of(recipe, residency)))
