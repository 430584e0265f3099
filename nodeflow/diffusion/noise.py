"""All randomness of sampling, drawn where and in the order people's seeds expect."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.diffusion.latent import Latent

StepNoise = Callable[[Tensor, float, float], Tensor]
"""(x, sigma, next sigma) to unit noise of the shape of x."""


def initial_noise(
    shape: tuple[int, ...], seed: int, batch_index: tuple[int, ...] | None = None
) -> Tensor:
    """Noise on the CPU in float32 from `seed`: one draw of the whole batch.

    With `batch_index` the items of the stream are drawn one by one, `[1, C, H, W]` each, and
    those named are kept.
    """
    generator = torch.Generator().manual_seed(seed)
    if batch_index is None:
        return torch.randn(shape, generator=generator)
    wanted = set(batch_index)
    drawn: dict[int, Tensor] = {}
    for index in range(max(wanted) + 1):
        item = torch.randn((1, *shape[1:]), generator=generator)
        if index in wanted:
            drawn[index] = item
    return torch.cat([drawn[index] for index in batch_index])


@dataclass(frozen=True, slots=True)
class Noise:
    """A seed, for the start and for the steps. `added` False starts without noise."""

    seed: int
    added: bool = True

    def like(self, latent: Latent) -> Tensor:
        """The start's noise for a latent, on the CPU in float32."""
        shape = tuple(latent.samples.shape)
        if not self.added:
            return torch.zeros(shape)
        return initial_noise(shape, self.seed, latent.batch_index)


def ancestral_noise(seed: int, device: torch.device) -> StepNoise:
    """A second stream from the same seed on the latent's device, one draw per use."""
    generator = torch.Generator(device).manual_seed(seed)

    def draw(x: Tensor, sigma: float, sigma_next: float) -> Tensor:
        return torch.randn(x.shape, dtype=x.dtype, device=x.device, generator=generator)

    return draw


def brownian_noise(
    x: Tensor, seed: int, sigmas: Tensor, device: torch.device | str = "cpu"
) -> StepNoise:
    """Increments of a Brownian motion over sigma, divided by the root of their length.

    The tree (torchsde) spans the lowest positive to the highest sigma, its entropy is the
    seed, it lives on `device`.
    """
    from torchsde import BrownianInterval

    low = float(sigmas[sigmas > 0].min())
    high = float(sigmas.max())
    tree = BrownianInterval(
        t0=low, t1=high, size=tuple(x.shape), dtype=torch.float32, device=str(device),
        entropy=seed, tol=1e-6, pool_size=24, halfway_tree=True,
    )  # fmt: skip

    # The tree keeps six decimals of its ends and warns of anything outside them.
    first, last = math.ceil(low * 1e6) / 1e6, math.floor(high * 1e6) / 1e6

    def draw(current: Tensor, sigma: float, sigma_next: float) -> Tensor:
        start, end = min(sigma, sigma_next), max(sigma, sigma_next)
        sign = 1.0 if sigma < sigma_next else -1.0
        increment = tree(max(start, first), min(end, last)) * sign / abs(end - start) ** 0.5
        unit: Tensor = increment.to(current)
        return unit

    return draw
