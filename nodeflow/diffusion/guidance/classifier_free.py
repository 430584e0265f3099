"""Classifier-free guidance (arXiv 2207.12598) over regions, in as few wishes as fit."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nodeflow.diffusion.guidance.perturbed import PERTURBED, VARIANT
from nodeflow.diffusion.guidance.regions import Region
from nodeflow.diffusion.guidance.rescale import rescaled
from nodeflow.diffusion.guidance.rows import Guidance, Rows, Wish
from nodeflow.diffusion.samplers.step import ModelCall


@dataclass(frozen=True, eq=False)
class ClassifierFree:
    """`negative + cfg * (positive - negative)`; the negative side is skipped at cfg 1.

    rescale: multiplier of `guidance.rescale`, 0 for none.
    perturbed: scale of `guidance.perturbed`, 0 for none; added last.
    """

    positive: Sequence[Region]
    negative: Sequence[Region]
    cfg: float
    rescale: float = 0.0
    perturbed: float = 0.0

    def __call__(self, call: ModelCall) -> Guidance:
        """The guided denoised latent."""
        guided = call.both or not math.isclose(self.cfg, 1.0)
        sides = (self.positive, self.negative) if guided else (self.positive,)
        results = yield from evaluate(call, sides, self.positive if self.perturbed else ())
        wanted = denoised = results[0]
        if guided:
            unwanted = results[1]
            denoised = unwanted + self.cfg * (wanted - unwanted)
            if self.rescale:
                denoised = rescaled(call.x, call.sigma, wanted, denoised, self.rescale)
        if self.perturbed:
            denoised = denoised + self.perturbed * (wanted - results[-1])
        return torch.stack([denoised, unwanted]) if call.both else denoised


def evaluate(
    call: ModelCall, sides: Sequence[Sequence[Region]], perturbed: Sequence[Region] = ()
) -> Generator[Wish, Sequence[Tensor], list[Tensor]]:
    """For each side, the mean of its active regions' denoised latents, by weight.

    One wish for all. Cells that no region covers become 0. perturbed: regions of a last side,
    evaluated with perturbed attention.
    """
    x, sigma = call.x, call.sigma
    plain = len(sides)
    sides = (*sides, perturbed) if perturbed else sides
    active = [
        (side, r)
        for side, regions in enumerate(sides)
        for r in regions
        if r.active(sigma, call.step)
    ]
    answers: Sequence[Tensor] = ()
    if active:
        answers = yield tuple(
            rows_of(x, sigma, region) if side < plain else perturbed_rows(x, sigma, region)
            for side, region in active
        )
    results = []
    for index in range(len(sides)):
        found = [(r, a) for (side, r), a in zip(active, answers, strict=True) if side == index]
        if len(found) == 1 and found[0][0].covers(x):
            results.append(found[0][1])
        else:
            results.append(weighted_mean(x, found))
    return results


def rows_of(x: Tensor, sigma: float, region: Region) -> Rows:
    """A region's part of the latent, with its text."""
    a = region.area
    rows, columns = slice(a.y, a.y + a.height), slice(a.x, a.x + a.width)
    extra = None if region.extra is None else region.extra[:, :, rows, columns]
    return Rows(x[:, :, rows, columns], sigma, region.embedding, region.labels, extra)


def perturbed_rows(x: Tensor, sigma: float, region: Region) -> Rows:
    """The same, to be denoised with perturbed attention."""
    return replace(rows_of(x, sigma, region), interventions=PERTURBED, variant=VARIANT)


def weighted_mean(x: Tensor, found: Sequence[tuple[Region, Tensor]]) -> Tensor:
    """Denoised parts put in their places, averaged by weight."""
    if not found:
        return torch.zeros_like(x)
    total, count = torch.zeros_like(x), torch.full_like(x, 1e-37)
    for region, part in found:
        a, weight = region.area, region.weight.to(part)
        rows, columns = slice(a.y, a.y + a.height), slice(a.x, a.x + a.width)
        total[:, :, rows, columns] += part * weight
        count[:, :, rows, columns] += weight
    return total / count
