"""Models of continuous noise levels: what they carry beside their weights, or their folder says.

Playground 2.5 (arXiv 2402.17245) carries mean and deviation of its latents, CosXL the ends of
its noise levels.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.recipe import ModelRecipe, Prediction

EDM_RANGE = (0.002, 80.0)
COSXL_RANGE = (0.002, 120.0)
PLAYGROUND_FACTOR = 0.5
"""The scale of the normalised latents, which its file does not say."""
PLAYGROUND_MEAN = (-1.6574, 1.886, -1.383, 2.5155)
PLAYGROUND_STD = (8.4927, 5.9022, 6.5498, 5.2299)

Numbers = Callable[[str], list[float] | None]
"""The values of a small tensor by name, or None where there is none."""


def carried(model: ModelRecipe, numbers: Numbers) -> ModelRecipe:
    """A model as the marks in its file have it. Raises CheckpointError where they make no sense."""
    mean, std = numbers("edm_mean"), numbers("edm_std")
    if mean is not None and std is not None:
        return normalised(model, mean, std, PLAYGROUND_FACTOR)
    highest = numbers("edm_vpred.sigma_max")
    if highest is None:
        return model
    lowest = numbers("edm_vpred.sigma_min") or [COSXL_RANGE[0]]
    ends = lowest[0], (highest or [COSXL_RANGE[1]])[0]
    if not 0 < ends[0] < ends[1]:
        raise CheckpointError(f"its noise levels go from {ends[0]} to {ends[1]}")
    return replace(model, prediction=Prediction.V, sigma_range=ends)


def normalised(
    model: ModelRecipe, mean: list[float], std: list[float], factor: float
) -> ModelRecipe:
    """A model of EDM's kind on latents of mean 0. Raises CheckpointError for wrong numbers."""
    if len(mean) != 4 or len(std) != 4 or min(std) <= 0:
        raise CheckpointError(
            f"mean and deviation of its latents are {mean} and {std}: four numbers each are "
            "expected, the deviations above 0"
        )
    return replace(
        model,
        prediction=Prediction.EDM,
        sigma_range=EDM_RANGE,
        scale_factor=factor,
        latent_mean=tuple(mean),
        latent_std=tuple(std),
    )


def playground(model: ModelRecipe) -> ModelRecipe:
    """A model as if its file carried Playground 2.5's marks."""
    return normalised(model, list(PLAYGROUND_MEAN), list(PLAYGROUND_STD), PLAYGROUND_FACTOR)


def of_folder(model: ModelRecipe, scheduler: dict[str, Any], vae: dict[str, Any]) -> ModelRecipe:
    """A model as a diffusers folder's `scheduler_config.json` and VAE's `config.json` have it."""
    if not str(scheduler.get("_class_name", "")).startswith("EDM"):
        return model
    ends = float(scheduler.get("sigma_min", 0.002)), float(scheduler.get("sigma_max", 80.0))
    velocity = scheduler.get("prediction_type") == "v_prediction"
    mean, std = vae.get("latents_mean"), vae.get("latents_std")
    if mean and std and not velocity:
        model = normalised(model, list(mean), list(std), model.scale_factor)
    prediction = Prediction.V if velocity else Prediction.EDM
    return replace(model, prediction=prediction, sigma_range=ends)
