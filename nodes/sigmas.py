"""Lists of noise levels for the open sampler."""

from typing import Annotated, Literal, NamedTuple

from nodeflow.diffusion.schedule.names import SchedulerName
from nodeflow.node import Range, node
from nodeflow.values import Model, Sigmas

CATEGORY = "sampling/custom_sampling/schedulers"
EDITING = "sampling/custom_sampling/sigmas"
Steps = Annotated[int, Range(1, 10000, step=1)]
Level = Annotated[float, Range(0.0, 5000.0, step=0.01)]
Fraction = Annotated[float, Range(0.0, 1.0, step=0.01)]
Rho = Annotated[float, Range(0.0, 100.0, step=0.01)]


class SplitSigmasOutput(NamedTuple):
    high_sigmas: Sigmas
    low_sigmas: Sigmas


@node("BasicScheduler", category=CATEGORY)
def basic_scheduler(
    model: Model, scheduler: SchedulerName = "normal", steps: Steps = 20, denoise: Fraction = 1.0
) -> Sigmas:
    """The noise levels that KSampler would use, the last `steps + 1` where a scheduler gives more.

    Args:
        model: gives the range of levels.
        scheduler: how the noise falls from step to step.
        steps: how many steps.
        denoise: 1 for a whole sampling; below, the last steps of a longer list.
    """
    from nodeflow.diffusion.sampling.resident import schedule_of
    from nodeflow.diffusion.schedule.steps import denoise_sigmas

    sigmas = denoise_sigmas(schedule_of(model), scheduler, "euler", steps, denoise)
    return sigmas[-(steps + 1) :]


@node("KarrasScheduler", category=CATEGORY)
def karras_scheduler(
    steps: Steps = 20, sigma_max: Level = 14.614642, sigma_min: Level = 0.0291675, rho: Rho = 7.0
) -> Sigmas:
    """Equal distances in the rho-th root of sigma.

    Args:
        steps: how many steps.
        sigma_max: the first level.
        sigma_min: the last level above 0.
        rho: higher gives more steps to low levels.
    """
    from nodeflow.diffusion.schedule.schedulers import karras_sigmas

    return karras_sigmas(steps, sigma_min, sigma_max, rho)


@node("ExponentialScheduler", category=CATEGORY)
def exponential_scheduler(
    steps: Steps = 20, sigma_max: Level = 14.614642, sigma_min: Level = 0.0291675
) -> Sigmas:
    """Equal distances in log sigma.

    Args:
        steps: how many steps.
        sigma_max: the first level.
        sigma_min: the last level above 0.
    """
    from nodeflow.diffusion.schedule.lists import polyexponential

    return polyexponential(steps, sigma_min, sigma_max)


@node("PolyexponentialScheduler", category=CATEGORY)
def polyexponential_scheduler(
    steps: Steps = 20, sigma_max: Level = 14.614642, sigma_min: Level = 0.0291675, rho: Rho = 1.0
) -> Sigmas:
    """A power of equal distances in log sigma.

    Args:
        steps: how many steps.
        sigma_max: the first level.
        sigma_min: the last level above 0.
        rho: 1 is the exponential list.
    """
    from nodeflow.diffusion.schedule.lists import polyexponential

    return polyexponential(steps, sigma_min, sigma_max, rho)


@node("LaplaceScheduler", category=CATEGORY)
def laplace_scheduler(
    steps: Steps = 20,
    sigma_max: Level = 14.614642,
    sigma_min: Level = 0.0291675,
    mu: Annotated[float, Range(-10.0, 10.0, step=0.1)] = 0.0,
    beta: Annotated[float, Range(0.0, 10.0, step=0.1)] = 0.5,
) -> Sigmas:
    """Quantiles of a Laplace distribution of log sigma.

    Args:
        steps: how many levels; there is no 0 at the end.
        sigma_max: the highest level.
        sigma_min: the lowest level.
        mu: log sigma at the middle.
        beta: width of the distribution.
    """
    from nodeflow.diffusion.schedule.lists import laplace

    return laplace(steps, sigma_min, sigma_max, mu, beta)


@node("VPScheduler", category=CATEGORY)
def vp_scheduler(
    steps: Steps = 20,
    beta_d: Level = 19.9,
    beta_min: Level = 0.1,
    eps_s: Annotated[float, Range(0.0, 1.0, step=0.0001)] = 0.001,
) -> Sigmas:
    """A continuous variance-preserving process at equal times.

    Args:
        steps: how many steps.
        beta_d: slope of the noise rate.
        beta_min: the noise rate at the start.
        eps_s: the last time.
    """
    from nodeflow.diffusion.schedule.lists import variance_preserving

    return variance_preserving(steps, beta_d, beta_min, eps_s)


@node("BetaSamplingScheduler", category=CATEGORY)
def beta_sampling_scheduler(
    model: Model,
    steps: Steps = 20,
    alpha: Annotated[float, Range(0.0, 50.0, step=0.01)] = 0.6,
    beta: Annotated[float, Range(0.0, 50.0, step=0.01)] = 0.6,
) -> Sigmas:
    """Quantiles of a beta distribution over the model's levels.

    Args:
        model: gives the levels.
        steps: how many steps.
        alpha: first shape of the distribution.
        beta: second shape of the distribution.
    """
    from nodeflow.diffusion.sampling.resident import schedule_of
    from nodeflow.diffusion.schedule import schedulers

    return schedulers.beta(schedule_of(model), steps, alpha, beta)


@node("SDTurboScheduler", category=CATEGORY)
def sd_turbo_scheduler(
    model: Model, steps: Annotated[int, Range(1, 10, step=1)] = 1, denoise: Fraction = 1.0
) -> Sigmas:
    """The timesteps that SD Turbo was trained on.

    Args:
        model: gives the levels.
        steps: how many steps, at most 10.
        denoise: below 1, the first timesteps are left out.
    """
    from nodeflow.diffusion.sampling.resident import schedule_of
    from nodeflow.diffusion.schedule.lists import turbo

    return turbo(schedule_of(model), steps, denoise)


@node("AlignYourStepsScheduler", category=CATEGORY)
def align_your_steps_scheduler(
    model_type: Literal["SD1", "SDXL", "SVD"] = "SD1", steps: Steps = 10, denoise: Fraction = 1.0
) -> Sigmas:
    """Levels found best for few steps, as published.

    Args:
        model_type: the family they were found for.
        steps: how many steps; other than 10 is interpolated.
        denoise: below 1, only the last part of the steps.
    """
    from nodeflow.diffusion.schedule.lists import aligned

    return aligned(model_type, steps, denoise)


@node("SplitSigmas", category=EDITING)
def split_sigmas(
    sigmas: Sigmas, step: Annotated[int, Range(0, 10000, step=1)] = 0
) -> SplitSigmasOutput:
    """A list as two, for two samplers after each other.

    Args:
        sigmas: the list.
        step: how many steps the first part has.
    """
    from nodeflow.diffusion.schedule.lists import split_at

    return SplitSigmasOutput(*split_at(sigmas, step))


@node("SplitSigmasDenoise", category=EDITING)
def split_sigmas_denoise(sigmas: Sigmas, denoise: Fraction = 1.0) -> SplitSigmasOutput:
    """A list as two, the second with a part of the steps.

    Args:
        sigmas: the list.
        denoise: share of the steps that go to the second part.
    """
    from nodeflow.diffusion.schedule.lists import split_at_denoise

    return SplitSigmasOutput(*split_at_denoise(sigmas, denoise))


@node("FlipSigmas", category=EDITING)
def flip_sigmas(sigmas: Sigmas) -> Sigmas:
    """The list backwards, for going from a picture to noise.

    Args:
        sigmas: the list.
    """
    from nodeflow.diffusion.schedule.lists import flipped

    return flipped(sigmas)


@node("SetFirstSigma", category=EDITING)
def set_first_sigma(
    sigmas: Sigmas, sigma: Annotated[float, Range(0.0, 20000.0, step=0.001)] = 136.0
) -> Sigmas:
    """The list with another first level.

    Args:
        sigmas: the list.
        sigma: the new first level.
    """
    from nodeflow.diffusion.schedule.lists import with_first

    return with_first(sigmas, sigma)


@node("ExtendIntermediateSigmas", category=EDITING)
def extend_intermediate_sigmas(
    sigmas: Sigmas,
    steps: Annotated[int, Range(1, 100, step=1)] = 2,
    start_at_sigma: Annotated[float, Range(-1.0, 20000.0, step=0.01)] = -1.0,
    end_at_sigma: Annotated[float, Range(0.0, 20000.0, step=0.01)] = 12.0,
    spacing: Literal["linear", "cosine", "sine"] = "linear",
) -> Sigmas:
    """More steps between the levels of a part of the list.

    Args:
        sigmas: the list.
        steps: how many steps each becomes.
        start_at_sigma: the highest level concerned; -1 is no limit.
        end_at_sigma: the lowest level concerned.
        spacing: how the new levels lie between the old.
    """
    from nodeflow.diffusion.schedule.lists import extended

    return extended(sigmas, steps, start_at_sigma, end_at_sigma, spacing)


@node("ManualSigmas", category=EDITING)
def manual_sigmas(sigmas: str = "1, 0.5") -> Sigmas:
    """A list written by hand.

    Args:
        sigmas: numbers, with anything between them.
    """
    from nodeflow.diffusion.schedule.lists import written

    return written(sigmas)
