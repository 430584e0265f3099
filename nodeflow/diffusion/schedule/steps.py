"""The sigmas a sampler gets: scheduler, sampler, denoise, first and last step together."""

import torch
from torch import Tensor

from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule
from nodeflow.diffusion.schedule.names import SchedulerName
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS

DISCARD_PENULTIMATE = frozenset({"dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2"})


def full_sigmas(
    schedule: DiscreteSchedule, scheduler: SchedulerName, sampler: SamplerName, steps: int
) -> Tensor:
    """All sigmas for `steps`; the second-order samplers named above lose the last but one."""
    if sampler not in DISCARD_PENULTIMATE:
        return SCHEDULERS[scheduler](schedule, steps)
    sigmas = SCHEDULERS[scheduler](schedule, steps + 1)
    return torch.cat([sigmas[:-2], sigmas[-1:]])


def denoise_sigmas(
    schedule: DiscreteSchedule,
    scheduler: SchedulerName,
    sampler: SamplerName,
    steps: int,
    denoise: float,
) -> Tensor:
    """The last `steps` of a schedule that is `1 / denoise` times as long; empty at 0."""
    if denoise <= 0.0:
        return torch.zeros(0)
    if denoise > 0.9999:
        return full_sigmas(schedule, scheduler, sampler, steps)
    total = int(steps / denoise)
    return full_sigmas(schedule, scheduler, sampler, total)[-(steps + 1) :]


def cut(sigmas: Tensor, start: int, end: int, leftover_noise: bool) -> Tensor:
    """Steps `start` to `end`. Without leftover noise the last of a cut list becomes 0.

    Empty where the start is at or past the end.
    """
    if end < len(sigmas) - 1:
        sigmas = sigmas[: end + 1].clone()
        if not leftover_noise and len(sigmas):
            sigmas[-1] = 0.0
    return sigmas[start:] if start < len(sigmas) - 1 else sigmas.new_zeros(0)
