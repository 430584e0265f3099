"""The open sampler: noise, guidance, algorithm and noise levels as inputs of their own."""

from typing import Annotated, NamedTuple

from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.node import Range, RunContext, Seed, node
from nodeflow.values import Conditioning, Guider, Latent, Model, Noise, Sampler, Sigmas

CATEGORY = "sampling/custom_sampling"
SeedValue = Annotated[int, Range(0, 2**64 - 1, step=1), Seed()]


class Sampled(NamedTuple):
    output: Latent
    denoised_output: Latent


@node("SamplerCustom", category=CATEGORY, lane="sampling")
def sampler_custom(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
    context: RunContext,
    add_noise: bool = True,
    noise_seed: SeedValue = 0,
    cfg: Annotated[float, Range(0.0, 100.0, step=0.1)] = 8.0,
) -> Sampled:
    """Denoise a latent with a chosen algorithm along a list of noise levels.

    Args:
        model: the model that denoises.
        positive: what the picture shows.
        negative: what it does not show.
        sampler: the algorithm.
        sigmas: the noise levels, one more than there are steps.
        latent_image: where to start.
        add_noise: off where the latent comes with noise left in it.
        noise_seed: equal seeds give equal pictures.
        cfg: how strictly to follow the prompts.
    """
    from nodeflow.diffusion import noise
    from nodeflow.diffusion.sampling.guided import Guided, sample_guided
    from nodeflow.diffusion.sampling.trajectory import Prompts

    guided = Guided(model, Prompts(positive, negative, cfg))
    drawn = noise.Noise(noise_seed, add_noise)
    return Sampled(*sample_guided(guided, sampler, sigmas, drawn, latent_image, context))


@node("SamplerCustomAdvanced", category=CATEGORY, lane="sampling")
def sampler_custom_advanced(
    noise: Noise,
    guider: Guider,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
    context: RunContext,
) -> Sampled:
    """Denoise a latent, every part an input.

    Args:
        noise: what is added at the start, and the seed of noise in the steps.
        guider: the model and how prompts guide it.
        sampler: the algorithm.
        sigmas: the noise levels, one more than there are steps.
        latent_image: where to start.
    """
    from nodeflow.diffusion.sampling.guided import sample_guided

    return Sampled(*sample_guided(guider, sampler, sigmas, noise, latent_image, context))


@node("KSamplerSelect", category=f"{CATEGORY}/samplers", store=False)
def ksampler_select(sampler_name: SamplerName = "euler") -> Sampler:
    """An algorithm by name.

    Args:
        sampler_name: the algorithm.
    """
    from nodeflow.diffusion.samplers.choice import SamplerChoice

    return SamplerChoice(sampler_name)


@node("RandomNoise", category=f"{CATEGORY}/noise", store=False)
def random_noise(noise_seed: SeedValue = 0) -> Noise:
    """Noise from a seed.

    Args:
        noise_seed: equal seeds give equal pictures.
    """
    from nodeflow.diffusion import noise

    return noise.Noise(noise_seed)


@node("DisableNoise", category=f"{CATEGORY}/noise", store=False)
def disable_noise() -> Noise:
    """No noise at the start."""
    from nodeflow.diffusion import noise

    return noise.Noise(0, added=False)


@node("AddNoise", category=f"{CATEGORY}/noise")
def add_noise(model: Model, noise: Noise, sigmas: Sigmas, latent_image: Latent) -> Latent:
    """A latent with noise added, without sampling.

    Args:
        model: gives the scale of its latents.
        noise: what to add.
        sigmas: the noise has the distance from the first level to the last.
        latent_image: the latent.
    """
    from nodeflow.diffusion.sampling.guided import noised

    return noised(model, noise, sigmas, latent_image)
