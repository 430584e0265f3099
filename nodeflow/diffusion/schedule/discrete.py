"""The 1000 noise levels of a Stable Diffusion model, and timesteps between them."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

ZERO_SNR_LAST = 4.8973451890853435e-08


def scaled_linear_acp(start: float = 0.00085, end: float = 0.012, count: int = 1000) -> Tensor:
    """Cumulative products of alpha, float64: betas linear in their square roots."""
    betas = torch.linspace(start**0.5, end**0.5, count, dtype=torch.float64) ** 2
    return torch.cumprod(1.0 - betas, dim=0)


def zero_terminal_snr(acp: Tensor) -> Tensor:
    """Shift and scale sqrt(acp) so that the last is 0 and the first is kept, then floor it.

    arXiv 2305.08891, algorithm 1; the floor keeps sigma finite.
    """
    root = acp.sqrt()
    first, last = root[0].clone(), root[-1].clone()
    rescaled = ((root - last) * (first / (first - last))) ** 2
    rescaled[-1] = ZERO_SNR_LAST
    return rescaled


@dataclass(frozen=True, eq=False)
class DiscreteSchedule:
    """`sigmas` float32, ascending, 1000 of them; sigma = sqrt((1 - acp) / acp).

    skip: a distilled model knows only each `skip`-th of the 1000, and `sigmas` holds those.
    """

    sigmas: Tensor
    skip: int = 1

    @classmethod
    def of(cls, acp: Tensor) -> "DiscreteSchedule":
        """The schedule of cumulative alphas."""
        return cls(((1 - acp) / acp).sqrt().float())

    @property
    def sigma_min(self) -> float:
        """The lowest noise level."""
        return float(self.sigmas[0])

    @property
    def sigma_max(self) -> float:
        """The highest noise level."""
        return float(self.sigmas[-1])

    @property
    def preserves_variance(self) -> bool:
        """Whether sampling from the highest level begins with noise of variance 1 + sigma²."""
        return True

    def timestep(self, sigma: Tensor) -> Tensor:
        """The index nearest in log sigma, float32, of the shape of `sigma`."""
        log_sigmas = self.sigmas.log().to(sigma.device)
        distance = (sigma.float().log()[..., None] - log_sigmas).abs()
        return distance.argmin(dim=-1).float() * self.skip + (self.skip - 1)

    def sigma(self, timestep: Tensor) -> Tensor:
        """Noise level of a fractional timestep, linear in log sigma."""
        log_sigmas = self.sigmas.log().to(timestep.device)
        t = (timestep.float() - (self.skip - 1)) / self.skip
        t = t.clamp(0, len(self.sigmas) - 1)
        low = t.floor().long()
        high = t.ceil().long()
        part = t.frac()
        return ((1 - part) * log_sigmas[low] + part * log_sigmas[high]).exp()

    def at_percent(self, percent: float) -> float:
        """Noise level at a part of the sampling: 0 is infinity, 1 is 0."""
        if percent <= 0.0:
            return float("inf")
        if percent >= 1.0:
            return 0.0
        last = len(self.sigmas) * self.skip - 1
        return float(self.sigma(torch.tensor((1.0 - percent) * last)))

    def distilled(self, count: int = 50) -> "DiscreteSchedule":
        """The levels that a model distilled to `count` timesteps knows (LCM, arXiv 2310.04378)."""
        skip = len(self.sigmas) // count
        return DiscreteSchedule(self.sigmas[skip - 1 :: skip], skip)


@dataclass(frozen=True, eq=False)
class ContinuousSchedule(DiscreteSchedule):
    """Continuous time (EDM, arXiv 2206.00364): t = ln(sigma) / 4; `sigmas` are samples of it."""

    @classmethod
    def between(cls, low: float, high: float) -> "ContinuousSchedule":
        """1000 levels, equal distances in log sigma."""
        return cls(torch.linspace(math.log(low), math.log(high), 1000).exp())

    def timestep(self, sigma: Tensor) -> Tensor:
        """A quarter of log sigma."""
        return 0.25 * sigma.float().log()

    def sigma(self, timestep: Tensor) -> Tensor:
        """Noise level of a time."""
        return (timestep.float() / 0.25).exp()

    def at_percent(self, percent: float) -> float:
        """Noise level at a part of the sampling, linear in log sigma: 0 is infinity, 1 is 0."""
        if percent <= 0.0:
            return math.inf
        if percent >= 1.0:
            return 0.0
        low, high = math.log(self.sigma_min), math.log(self.sigma_max)
        return math.exp(low + (high - low) * (1.0 - percent))


@dataclass(frozen=True, eq=False)
class AngleSchedule(ContinuousSchedule):
    """Continuous time of a velocity model: t = atan(sigma) · 2 / pi."""

    def timestep(self, sigma: Tensor) -> Tensor:
        """0 where there is no noise, 1 where there is nothing else."""
        return sigma.float().atan() / (math.pi / 2)

    def sigma(self, timestep: Tensor) -> Tensor:
        """Noise level of a time."""
        return (timestep.float() * (math.pi / 2)).tan()


@dataclass(frozen=True, eq=False)
class FlowSchedule(ContinuousSchedule):
    """Time of a rectified flow (arXiv 2209.03003): t = sigma / (sigma + 1).

    The flow's mixture `(1 - t) image + t noise` is `1 - t` times `image + sigma noise`.
    """

    @property
    def preserves_variance(self) -> bool:
        """Sampling begins with noise of deviation sigma: the mixture's own at its first t."""
        return False

    def timestep(self, sigma: Tensor) -> Tensor:
        """0 where there is no noise, towards 1 where there is nothing else."""
        return sigma.float() / (sigma.float() + 1)

    def sigma(self, timestep: Tensor) -> Tensor:
        """Noise level of a time below 1, no higher than the highest."""
        t = timestep.float()
        return torch.where(t < 1, t / (1 - t), math.inf).clamp(max=self.sigma_max)


def stable_diffusion(
    zero_snr: bool = False, betas: tuple[float, float] = (0.00085, 0.012)
) -> DiscreteSchedule:
    """SD's schedule, sigma 0.0292 to 14.6146 (with zero terminal SNR: to about 4518)."""
    acp = scaled_linear_acp(*betas)
    return DiscreteSchedule.of(zero_terminal_snr(acp) if zero_snr else acp)
