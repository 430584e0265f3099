"""From noise to a latent."""

from typing import Annotated, Literal

from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.schedule.names import SchedulerName
from nodeflow.node import Range, RunContext, Seed, node
from nodeflow.values import Conditioning, Latent, Model, foreseen

SeedValue = Annotated[int, Range(0, 2**64 - 1, step=1), Seed()]
Steps = Annotated[int, Range(1, 10000, step=1)]
Cfg = Annotated[float, Range(0.0, 100.0, step=0.1)]
SAMPLED = foreseen.sampling(("positive", "negative"), foreseen.network_calls)


@node(
    "KSampler",
    category="sampling",
    lane="sampling",
    infer=SAMPLED,
)
def ksampler(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    context: RunContext,
    seed: SeedValue = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "normal",
    denoise: Annotated[float, Range(0.0, 1.0, step=0.01)] = 1.0,
) -> Latent:
    """Denoise a latent, guided by the prompts.

    Args:
        model: the model that denoises.
        positive: what the picture shows.
        negative: what it does not show.
        latent_image: where to start; an empty latent for a new picture.
        seed: equal seeds give equal pictures.
        steps: how many steps; more take longer and are finer.
        cfg: how strictly to follow the prompts; 1 ignores the negative one.
        sampler_name: the algorithm.
        scheduler: how the noise falls from step to step.
        denoise: how much of the start is replaced: 1 all, 0 nothing.
    """
    from nodeflow.diffusion.noise import Noise
    from nodeflow.diffusion.samplers.choice import SamplerChoice
    from nodeflow.diffusion.samplers.registry import entry_of
    from nodeflow.diffusion.sampling.resident import sample_resident, schedule_of
    from nodeflow.diffusion.sampling.trajectory import Prompts, Trajectory
    from nodeflow.diffusion.schedule.steps import denoise_sigmas

    sigmas = denoise_sigmas(schedule_of(model), scheduler, sampler_name, steps, denoise)
    prompts = Prompts(positive, negative, cfg)
    sampler = entry_of(SamplerChoice(sampler_name), schedule_of(model))
    trajectory = Trajectory(latent_image, Noise(seed), prompts, sampler, tuple(sigmas.tolist()))
    return sample_resident(model, trajectory, context)


@node(
    "KSamplerAdvanced",
    category="sampling",
    display_name="KSampler (Advanced)",
    lane="sampling",
    infer=SAMPLED,
)
def ksampler_advanced(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    context: RunContext,
    add_noise: Literal["enable", "disable"] = "enable",
    noise_seed: SeedValue = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "normal",
    start_at_step: Annotated[int, Range(0, 10000, step=1)] = 0,
    end_at_step: Annotated[int, Range(0, 10000, step=1)] = 10000,
    return_with_leftover_noise: Literal["disable", "enable"] = "disable",
) -> Latent:
    """Some of the steps of a sampling, so that several samplers can share one.

    Args:
        model: the model that denoises.
        positive: what the picture shows.
        negative: what it does not show.
        latent_image: where to start.
        add_noise: disable where the latent comes with noise left in it.
        noise_seed: equal seeds give equal pictures.
        steps: how many steps the whole sampling has.
        cfg: how strictly to follow the prompts.
        sampler_name: the algorithm.
        scheduler: how the noise falls from step to step.
        start_at_step: the first step done here, from 0.
        end_at_step: the step before which to stop.
        return_with_leftover_noise: enable where another sampler goes on.
    """
    from nodeflow.diffusion.noise import Noise
    from nodeflow.diffusion.samplers.choice import SamplerChoice
    from nodeflow.diffusion.samplers.registry import entry_of
    from nodeflow.diffusion.sampling.resident import sample_resident, schedule_of
    from nodeflow.diffusion.sampling.trajectory import Prompts, Trajectory
    from nodeflow.diffusion.schedule.steps import cut, full_sigmas

    every = full_sigmas(schedule_of(model), scheduler, sampler_name, steps)
    sigmas = cut(every, start_at_step, end_at_step, return_with_leftover_noise == "enable")
    prompts = Prompts(positive, negative, cfg)
    noise = Noise(noise_seed, added=add_noise == "enable")
    sampler = entry_of(SamplerChoice(sampler_name), schedule_of(model))
    trajectory = Trajectory(latent_image, noise, prompts, sampler, tuple(sigmas.tolist()))
    return sample_resident(model, trajectory, context)
