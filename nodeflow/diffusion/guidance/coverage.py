"""Prompts that count nowhere: guidance by nothing gives no picture, so that is an error."""

from collections.abc import Sequence

import torch

from nodeflow.diffusion.conditioning import Conditioning, ConditioningEntry
from nodeflow.diffusion.guidance.regions import Region, outside

CELL = 8


class CountsNowhere(ValueError):
    """A prompt has no weight in a picture, or in no step; the message says which, and why."""


def check_counts(
    name: str,
    prompt: Conditioning,
    regions: Sequence[Region],
    shape: Sequence[int],
    sigmas: Sequence[float] = (),
) -> None:
    """Raise CountsNowhere where the regions of a prompt leave a picture of the batch without any.

    name: the prompt's, for the message. shape: the latent's, `[batch, channels, height, width]`.
    sigmas: those of the sampling; the prompt must count in one of its steps. A prompt that counts
    in a part of the picture or in some of the steps is in order, and so is none at all.
    """
    if not prompt:
        return
    counted = torch.zeros(shape[0], dtype=torch.bool)
    for region in regions:
        counted |= region.weight.cpu().flatten(1).any(dim=1)
    if not counted.all():
        number = int(counted.logical_not().nonzero()[0]) + 1
        raise CountsNowhere(_why(name, prompt[0], number, shape))
    steps = list(enumerate(sigmas[:-1]))
    if steps and not any(region.active(sigma, i) for region in regions for i, sigma in steps):
        raise CountsNowhere(
            f"the prompt '{name}' counts in no step of this sampling: its part of the sampling "
            f"lies outside; widen it, or combine it with a prompt for the rest"
        )


def _why(name: str, entry: ConditioningEntry, number: int, shape: Sequence[int]) -> str:
    """What the first entry of a prompt says about a picture in which it has no weight."""
    batch, _, height, width = shape
    if entry.strength == 0 or (entry.mask is not None and entry.mask_strength == 0):
        return (
            f"the prompt '{name}' counts nowhere: its strength is 0; raise it, or combine it with "
            f"a prompt for the rest"
        )
    if outside(entry.area, height, width):
        return (
            f"the prompt '{name}' counts nowhere: its area lies outside the picture, which is "
            f"{width * CELL} x {height * CELL} pixels; move the area inside"
        )
    return (
        f"the prompt '{name}' counts nowhere in picture {number} of {batch}: its mask is empty "
        f"there; paint where it counts, or leave the mask out"
    )
