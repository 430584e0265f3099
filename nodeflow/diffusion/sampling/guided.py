"""The GUIDER value: a model and how prompts guide it."""

from dataclasses import dataclass, replace

from torch import Tensor

from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.noise import Noise
from nodeflow.diffusion.recipe import ModelRecipe
from nodeflow.diffusion.samplers.choice import SamplerChoice
from nodeflow.diffusion.samplers.registry import entry_of
from nodeflow.diffusion.sampling.host import Host
from nodeflow.diffusion.sampling.resident import sample_resident, schedule_of
from nodeflow.diffusion.sampling.setting import GuidanceValue
from nodeflow.diffusion.sampling.trajectory import Trajectory


@dataclass(frozen=True, eq=False)
class Guided:
    """A model with its guidance."""

    model: ModelRecipe
    guidance: GuidanceValue


def sample_guided(
    guided: Guided, sampler: SamplerChoice, sigmas: Tensor, noise: Noise, latent: Latent, host: Host
) -> tuple[Latent, Latent]:
    """The last x, and the last denoised latent (the latent itself where there are no steps)."""
    seen: list[Tensor] = []
    model = guided.model
    entry = entry_of(sampler, schedule_of(model))
    trajectory = Trajectory(latent, noise, guided.guidance, entry, tuple(sigmas.tolist()))
    output = sample_resident(model, trajectory, host, on_denoised=seen.append)
    if not seen:
        return output, output
    return output, replace(output, samples=seen[-1].cpu())


def noised(model: ModelRecipe, noise: Noise, sigmas: Tensor, latent: Latent) -> Latent:
    """A latent with noise of the list's span added: `|first - last|`, or the only sigma."""
    if not len(sigmas):
        return latent
    levels = sigmas.tolist()
    sigma = abs(levels[0] - levels[-1]) if len(levels) > 1 else levels[0]
    added = model.scale.difference(noise.like(latent) * sigma)
    return replace(latent, samples=latent.samples + added)
