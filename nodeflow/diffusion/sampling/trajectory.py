"""One sampling from a latent to a latent, as a value: what every sampling node makes."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from nodeflow.diffusion.conditioning import Conditioning
from nodeflow.diffusion.guidance.classifier_free import ClassifierFree
from nodeflow.diffusion.guidance.coverage import check_counts
from nodeflow.diffusion.guidance.perturbed import perturbed_scale_of
from nodeflow.diffusion.guidance.projected import Projection, projected_of
from nodeflow.diffusion.guidance.regions import resolve
from nodeflow.diffusion.guidance.rescale import rescale_of
from nodeflow.diffusion.guidance.rows import Guider, Wish
from nodeflow.diffusion.guidance.self_attention import self_attention_of
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.noise import Noise
from nodeflow.diffusion.samplers.registry import SamplerEntry
from nodeflow.diffusion.sampling.differential import StepMask, differential_of
from nodeflow.diffusion.sampling.driver import OnStep, descend
from nodeflow.diffusion.sampling.inpainting import Inpainting, resize_mask
from nodeflow.diffusion.sampling.setting import GuidanceValue, Setting, Space
from nodeflow.diffusion.sampling.sized import Sized
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule

LatentDescent: TypeAlias = Generator[Wish, Sequence[Tensor], Latent]
"""A whole sampling as wishes and answers; returns the latent, on the CPU."""


@dataclass(frozen=True, eq=False)
class Prompts:
    """Classifier-free guidance between two sides."""

    positive: Conditioning
    negative: Conditioning
    cfg: float

    def guider(self, setting: Setting) -> Guider:
        """Both sides resolved for a latent."""
        shape = tuple(setting.latent.shape)
        schedule = setting.space.schedule
        sides = resolve(
            self.positive,
            self.negative,
            shape,
            schedule,
            setting.items,
            setting.inputs,
            setting.sigmas,
        )
        check_counts("positive", self.positive, sides[0], shape, setting.sigmas)
        if not math.isclose(self.cfg, 1.0):
            check_counts("negative", self.negative, sides[1], shape, setting.sigmas)
        factor = self.positive[0].guidance if self.positive else 1.0
        patches = setting.space.patches
        projected = projected_of(patches)
        return ClassifierFree(
            *sides,
            self.cfg * factor,
            rescale_of(patches),
            perturbed_scale_of(patches),
            None if projected is None else Projection(projected),
            self_attention_of(patches),
        )


@dataclass(frozen=True, eq=False)
class Trajectory:
    """`sigmas` as `schedule.steps` makes them; fewer than two change nothing."""

    latent: Latent
    noise: Noise
    guidance: GuidanceValue
    sampler: SamplerEntry
    sigmas: tuple[float, ...]

    @property
    def steps(self) -> int:
        """How many steps it has."""
        return max(len(self.sigmas) - 1, 0)


def first_x(noise: Tensor, latent: Tensor, sigma: float, schedule: DiscreteSchedule) -> Tensor:
    """The latent noised to the first sigma; variance-preserving where that is the highest."""
    highest = sigma > schedule.sigma_max or math.isclose(sigma, schedule.sigma_max, rel_tol=1e-5)
    if highest and schedule.preserves_variance:
        return noise * math.sqrt(1 + sigma**2) + latent
    return noise * sigma + latent


def travel(trajectory: Trajectory, space: Space, on_step: OnStep) -> LatentDescent:
    """The sampling of a trajectory.

    `on_step` is called after each step with (done, total, denoised latent, unscaled).
    """
    if not trajectory.steps:
        return trajectory.latent
    given, source, sigmas = trajectory.latent, trajectory.noise, trajectory.sigmas
    latent = space.scale.scaled(given.samples.float().to(space.device))
    noise = source.like(given).to(space.device)
    mask = None if given.noise_mask is None else resize_mask(given.noise_mask, latent)
    setting = Setting(space, latent, mask, source.seed, given.batch_index, sigmas)
    guider: Guider = Sized(trajectory.guidance, setting)
    if mask is not None:
        kept = noise
        if trajectory.sampler.fresh_mask_noise and source.added:
            kept = source.fresh(given)
        patch = differential_of(space.patches)
        of_level = None
        if patch is not None:
            of_level = StepMask(patch, mask, space.schedule, sigmas[0], sigmas[-1])
        guider = Inpainting(guider, mask, latent, kept.to(space.device), of_level)
        mask = of_level(sigmas[-1]) if of_level else mask
    x = first_x(noise, latent, sigmas[0], space.schedule)

    def report(done: int, total: int, denoised: Tensor) -> None:
        on_step(done, total, space.scale.unscaled(denoised))

    entry = trajectory.sampler
    of_steps = source.of_steps(given, x, entry.noise, torch.tensor(sigmas))
    x = yield from descend(guider, x, sigmas, entry, of_steps, report)
    if mask is not None:
        x = x * mask + latent * (1 - mask)
    return replace(given, samples=space.scale.unscaled(x).cpu())


class Answer(Protocol):
    """Anything that denoises what a wish asks for."""

    def __call__(self, wish: Wish, /) -> Sequence[Tensor]:
        """The denoised of each, in order."""


def answered(descent: LatentDescent, answer: Answer) -> Latent:
    """Drive a sampling alone, every wish answered as it comes."""
    with torch.no_grad():
        try:
            wish = next(descent)
            while True:
                wish = descent.send(answer(wish))
        except StopIteration as end:
            result: Latent = end.value
            return result
