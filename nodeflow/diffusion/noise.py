"""All randomness of sampling, drawn where and in the order people's seeds expect."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from nodeflow.diffusion.latent import Latent

NoiseKind = Literal["none", "stream", "brownian", "brownian_gpu"]
"""stream: one draw after the other; brownian: a tree on the CPU, or on the latent's device."""

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
    """A seed, for the start and for the steps. `added` False starts without noise.

    Where a latent has seeds of its own, each image is drawn as if it were alone with its seed.
    """

    seed: int
    added: bool = True

    def like(self, latent: Latent) -> Tensor:
        """The start's noise for a latent, on the CPU in float32."""
        shape = tuple(latent.samples.shape)
        if not self.added:
            return torch.zeros(shape)
        if latent.seeds is not None:
            return torch.cat([initial_noise((1, *shape[1:]), seed) for seed in latent.seeds])
        return initial_noise(shape, self.seed, latent.batch_index)

    def fresh(self, latent: Latent) -> Tensor:
        """A second draw of the start's noise, from the seed after."""
        if latent.seeds is not None:
            return self.like(replace(latent, seeds=tuple(seed + 1 for seed in latent.seeds)))
        index = None if latent.drawn_with is None else latent.batch_index
        return replace(self, seed=self.seed + 1).like(replace(latent, batch_index=index))

    def of_steps(self, latent: Latent, x: Tensor, kind: NoiseKind, sigmas: Tensor) -> StepNoise:
        """The steps' noise for a latent, whose scaled form is `x`.

        Images picked from a batch (`batch_index`, `drawn_with`) get what they had there: all of
        the batch is drawn, which costs nothing next to a network call.
        """
        if latent.seeds is not None:
            each = [step_noise(x[:1], kind, seed, sigmas) for seed in latent.seeds]

            def own(current: Tensor, sigma: float, sigma_next: float) -> Tensor:
                rows = [draw(current[:1], sigma, sigma_next) for draw in each]
                return torch.cat(rows)

            return own
        if latent.batch_index is None or latent.drawn_with is None:
            return step_noise(x, kind, self.seed, sigmas)
        index = list(latent.batch_index)
        whole = x[:1].expand(latent.drawn_with, *x.shape[1:])
        draw = step_noise(whole, kind, self.seed, sigmas)

        def picked(current: Tensor, sigma: float, sigma_next: float) -> Tensor:
            batch = current[:1].expand(len(whole), *current.shape[1:])
            return draw(batch, sigma, sigma_next)[index]

        return picked


def step_noise(x: Tensor, kind: NoiseKind, seed: int, sigmas: Tensor) -> StepNoise:
    """Noise of a kind for latents of the shape of `x`."""
    if kind in ("brownian", "brownian_gpu") and int((sigmas > 0).sum()) > 1:
        return brownian_noise(x, seed, sigmas, x.device if kind == "brownian_gpu" else "cpu")
    return ancestral_noise(seed, x.device)


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


def written_seeds(text: str, count: int) -> tuple[int, ...]:
    """The whole numbers in a text as `count` seeds; after the last one they count on.

    Raises ValueError where there is none, or one over 64 bits.
    """
    seeds = [int(number) for number in re.findall(r"\d{1,30}", text)]
    if not seeds:
        raise ValueError(f"no seed in {text!r}: whole numbers are wanted, such as 1, 2, 3")
    if max(seeds) >= 2**64:
        raise ValueError(f"the seed {max(seeds)} is over {2**64 - 1}")
    seeds += [(seeds[-1] + 1 + i) % 2**64 for i in range(count - len(seeds))]
    return tuple(seeds[:count])
