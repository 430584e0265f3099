"""The one sampling loop: sampler and guidance joined, one step after the other."""

from collections.abc import Callable, Generator, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from nodeflow.diffusion.guidance.rows import Guidance, Guider, Wish
from nodeflow.diffusion.noise import StepNoise, step_noise
from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.samplers.registry import SAMPLERS, SamplerEntry
from nodeflow.diffusion.samplers.step import ModelCall

OnStep = Callable[[int, int, Tensor], None]
"""(steps done, steps in all, denoised latent of the step); may raise to stop."""

Descent: TypeAlias = Generator[Wish, Sequence[Tensor], Tensor]
"""A whole sampling as wishes and answers; returns the last x."""


def descend(
    guider: Guider, x: Tensor, sigmas: Sequence[float], entry: SamplerEntry,
    noise: StepNoise, on_step: OnStep,
) -> Descent:  # fmt: skip
    """Run a sampler from `x` at the first sigma down to the last.

    `on_step` is called once a step is done, before the next wish.
    """
    steps = len(sigmas) - 1
    sampling = entry.sampler(x, sigmas, noise)
    done, denoised = 0, x
    try:
        call = next(sampling)
        while True:
            if call.step > done:
                done = call.step
                on_step(done, steps, denoised)
            answer = yield from guider(call)
            denoised = answer[0] if call.both else answer
            call = sampling.send(answer)
    except StopIteration as end:
        on_step(steps, steps, denoised)
        result: Tensor = end.value
        return result


def drive(
    denoise: Callable[[Tensor, float], Tensor], x: Tensor, sigmas: Sequence[float],
    name: SamplerName, seed: int, on_step: OnStep,
) -> Tensor:  # fmt: skip
    """Run a sampler on a plain denoiser, without guidance; returns the last x."""

    def guider(call: ModelCall) -> Guidance:
        yield from ()
        denoised = denoise(call.x, call.sigma)
        return torch.stack([denoised, denoised]) if call.both else denoised

    try:
        entry = SAMPLERS[name]
        noise = step_noise(x, entry.noise, seed, torch.tensor(sigmas))
        next(descend(guider, x, sigmas, entry, noise, on_step))
    except StopIteration as end:
        result: Tensor = end.value
        return result
    raise AssertionError("a plain denoiser wishes for nothing")
