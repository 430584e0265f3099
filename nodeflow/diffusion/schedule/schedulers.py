"""Lists of sigmas for n steps: n + 1 values, descending, the last 0.

karras: arXiv 2206.00364, equation 5. beta: arXiv 2407.12173. linear_quadratic: as published
with Mochi 1. kl_optimal: "Align Your Steps" (arXiv 2404.14507), theorem 3.1.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from nodeflow.diffusion.schedule.discrete import DiscreteSchedule
from nodeflow.diffusion.schedule.names import SchedulerName

Scheduler = Callable[[DiscreteSchedule, int], Tensor]


def with_zero(sigmas: Tensor) -> Tensor:
    """The list with a final 0."""
    return torch.cat([sigmas, sigmas.new_zeros(1)])


def _ends(schedule: DiscreteSchedule) -> tuple[Tensor, Tensor]:
    highest = torch.tensor(schedule.sigma_max)
    lowest = torch.tensor(schedule.sigma_min)
    return schedule.timestep(highest), schedule.timestep(lowest)


def normal(schedule: DiscreteSchedule, steps: int) -> Tensor:
    """Equal distances in time."""
    start, end = _ends(schedule)
    if float(schedule.sigma(end)) <= 1e-5:
        return schedule.sigma(torch.linspace(float(start), float(end), steps + 1))
    return with_zero(schedule.sigma(torch.linspace(float(start), float(end), steps)))


def sgm_uniform(schedule: DiscreteSchedule, steps: int) -> Tensor:
    """Equal distances in time, the last one left out."""
    start, end = _ends(schedule)
    times = torch.linspace(float(start), float(end), steps + 1)[:-1]
    return with_zero(schedule.sigma(times))


def karras_sigmas(steps: int, low: float, high: float, rho: float = 7.0) -> Tensor:
    """Equal distances in `sigma ** (1 / rho)`."""
    ramp = torch.linspace(0, 1, steps)
    top, bottom = high ** (1 / rho), low ** (1 / rho)
    return with_zero((top + ramp * (bottom - top)) ** rho)


def karras(schedule: DiscreteSchedule, steps: int) -> Tensor:
    """Karras with rho 7 over the model's range."""
    return karras_sigmas(steps, schedule.sigma_min, schedule.sigma_max)


def exponential(schedule: DiscreteSchedule, steps: int) -> Tensor:
    """Equal distances in log sigma."""
    low, high = math.log(schedule.sigma_min), math.log(schedule.sigma_max)
    return with_zero(torch.linspace(high, low, steps).exp())


def simple(schedule: DiscreteSchedule, steps: int) -> Tensor:
    """Every (1000 / n)-th entry of the table from the top."""
    count = len(schedule.sigmas)
    picks = [-(1 + int(i * count / steps)) for i in range(steps)]
    return with_zero(schedule.sigmas[torch.tensor(picks)])


def ddim_uniform(schedule: DiscreteSchedule, steps: int) -> Tensor:
    """Every (1000 // n)-th entry from index 1 on; the count differs where n does not divide."""
    count = len(schedule.sigmas)
    picks = torch.arange(1, count, max(count // steps, 1))
    return with_zero(schedule.sigmas[picks].flip(0))


def beta(schedule: DiscreteSchedule, steps: int, a: float = 0.6, b: float = 0.6) -> Tensor:
    """Quantiles of a beta distribution over the table; equal neighbours are one step."""
    import numpy as np
    from scipy import stats

    quantiles = 1 - np.linspace(0, 1, steps, endpoint=False)
    last = len(schedule.sigmas) - 1
    picks = np.rint(stats.beta.ppf(quantiles, a, b) * last).astype(int).tolist()
    kept = [p for i, p in enumerate(picks) if i == 0 or p != picks[i - 1]]
    return with_zero(schedule.sigmas[torch.tensor(kept)])


def linear_quadratic(schedule: DiscreteSchedule, steps: int, threshold: float = 0.025) -> Tensor:
    """The first half of the steps linear down by `threshold`, the rest quadratic to 0."""
    if steps == 1:
        return torch.tensor([schedule.sigma_max, 0.0])
    linear = steps // 2
    quadratic = steps - linear
    slope = threshold / linear
    difference = linear - threshold * steps
    a = difference / (linear * quadratic**2)
    b = slope - 2 * difference / quadratic**2
    c = a * linear**2
    falling = [slope * i for i in range(linear)]
    falling += [a * i**2 + b * i + c for i in range(linear, steps)]
    return torch.tensor([1.0 - x for x in falling] + [0.0]) * schedule.sigma_max


def kl_optimal(schedule: DiscreteSchedule, steps: int) -> Tensor:
    """`tan` of equal distances in `atan(sigma)`."""
    mix = torch.arange(steps) / max(steps - 1, 1)
    low, high = math.atan(schedule.sigma_min), math.atan(schedule.sigma_max)
    return with_zero((mix * low + (1 - mix) * high).tan())


SCHEDULERS: dict[SchedulerName, Scheduler] = {
    "normal": normal,
    "karras": karras,
    "exponential": exponential,
    "sgm_uniform": sgm_uniform,
    "simple": simple,
    "ddim_uniform": ddim_uniform,
    "beta": beta,
    "linear_quadratic": linear_quadratic,
    "kl_optimal": kl_optimal,
}
