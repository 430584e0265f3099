"""Lists of sigmas that know no model: descending float32 `[steps + 1]`, and changes to them.

karras: arXiv 2206.00364, equation 5; exponential and polyexponential: k-diffusion; VP: arXiv
2011.13456; Laplace: arXiv 2407.03297; align your steps: the levels published with arXiv 2404.14507.
"""

import itertools
import math
import re
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from nodeflow.diffusion.schedule.discrete import DiscreteSchedule
from nodeflow.diffusion.schedule.schedulers import with_zero

ModelType = Literal["SD1", "SDXL", "SVD"]
ALIGNED: dict[ModelType, tuple[float, ...]] = {
    "SD1": (14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520, 1.8841921177, 1.3943805092,
            0.9642583904, 0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582),
    "SDXL": (14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141,
             0.5550693289, 0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582),
    "SVD": (700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002),
}  # fmt: skip
_NUMBER = re.compile(r"[-+]?(?:\d*\.*\d+)(?:[eE][-+]?\d+)?")


def polyexponential(steps: int, low: float, high: float, rho: float = 1.0) -> Tensor:
    """Polynomials of degree rho in log sigma; 1 is the exponential list."""
    ramp = torch.linspace(1, 0, steps) ** rho
    return with_zero((ramp * (math.log(high) - math.log(low)) + math.log(low)).exp())


def variance_preserving(steps: int, beta_d: float, beta_min: float, eps_s: float) -> Tensor:
    """A continuous VP process at equal times from 1 to eps_s."""
    t = torch.linspace(1, eps_s, steps)
    return with_zero(torch.sqrt(torch.special.expm1(beta_d * t**2 / 2 + beta_min * t)))


def laplace(steps: int, low: float, high: float, mu: float, beta: float) -> Tensor:
    """Quantiles of a Laplace distribution of log sigma, cut to the range. `steps` values, no 0."""
    x = torch.linspace(0, 1, steps)
    spread = torch.log(1 - 2 * (0.5 - x).abs() + 1e-5)
    return (mu - beta * torch.sign(0.5 - x) * spread).exp().clamp(low, high)


def turbo(schedule: DiscreteSchedule, steps: int, denoise: float) -> Tensor:
    """SD Turbo's ten timesteps 999, 899 … 99, the first `10 - int(10 denoise)` left out."""
    first = 10 - int(10 * denoise)
    times = torch.arange(10, 0, -1) * 100 - 1
    return with_zero(schedule.sigma(times[first : first + steps]))


def aligned(model_type: ModelType, steps: int, denoise: float) -> Tensor:
    """Align Your Steps: the published levels, log-linear in between, the last `steps * denoise`."""
    if denoise <= 0.0:
        return torch.zeros(0)
    kept = round(steps * min(denoise, 1.0))
    levels = np.array(ALIGNED[model_type])
    if steps + 1 != len(levels):
        places = np.linspace(0, 1, steps + 1)
        levels = np.exp(np.interp(places, np.linspace(0, 1, len(levels)), np.log(levels)))
    sigmas = torch.tensor(levels[-(kept + 1) :], dtype=torch.float32)
    sigmas[-1] = 0.0
    return sigmas


def split_at(sigmas: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """The list up to a step, and from it."""
    return sigmas[: step + 1], sigmas[step:]


def split_at_denoise(sigmas: Tensor, denoise: float) -> tuple[Tensor, Tensor]:
    """The part before the last `denoise` of the steps, and that part."""
    steps = max(len(sigmas) - 1, 0)
    return split_at(sigmas, steps - round(steps * denoise))


def flipped(sigmas: Tensor) -> Tensor:
    """Ascending, for adding noise step by step; a 0 becomes 0.0001, so that a step can start."""
    turned = sigmas.flip(0).clone()
    if len(turned) and turned[0] == 0:
        turned[0] = 0.0001
    return turned


def with_first(sigmas: Tensor, sigma: float) -> Tensor:
    """The first value replaced."""
    changed = sigmas.clone()
    changed[:1] = sigma
    return changed


def extended(
    sigmas: Tensor, steps: int, start: float, end: float,
    spacing: Literal["linear", "cosine", "sine"],
) -> Tensor:  # fmt: skip
    """`steps` steps in place of each that begins between `end` and `start` (below 0: no limit)."""
    high = start if start >= 0 else math.inf
    x = torch.linspace(0, 1, steps + 1)[1:-1]
    if spacing == "cosine":
        x = torch.sin(x * math.pi / 2)
    elif spacing == "sine":
        x = 1 - torch.cos(x * math.pi / 2)
    parts = []
    for now, after in itertools.pairwise(sigmas):
        parts.append(now[None])
        if end <= float(now) <= high:
            parts.append(now + x * (after - now))
    return torch.cat([*parts, sigmas[-1:]])


def written(text: str) -> Tensor:
    """The numbers in a text, in order."""
    return torch.tensor([float(number) for number in _NUMBER.findall(text)])
