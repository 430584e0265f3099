"""Classifier-free guidance (arXiv 2207.12598) over regions, in as few wishes as fit."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nodeflow.diffusion.guidance import perturbed, self_attention
from nodeflow.diffusion.guidance.grounding import grounding_rows
from nodeflow.diffusion.guidance.projected import Projection
from nodeflow.diffusion.guidance.regions import Region, counting
from nodeflow.diffusion.guidance.rescale import rescaled
from nodeflow.diffusion.guidance.rows import Guidance, Rows, Wish
from nodeflow.diffusion.guidance.self_attention import SelfAttention, blurred
from nodeflow.diffusion.hooks.course import weighed
from nodeflow.diffusion.samplers.step import ModelCall
from nodeflow.diffusion.unet.interventions import NONE, Interventions


@dataclass(frozen=True, eq=False)
class Side:
    """Regions whose mean is wanted, and what is done to the network for them (see `Rows`)."""

    regions: Sequence[Region]
    interventions: Interventions = NONE
    variant: str = ""
    probed: bool = False


@dataclass(frozen=True, eq=False)
class ClassifierFree:
    """`negative + cfg * (positive - negative)`; the negative side is skipped at cfg 1.

    rescale: multiplier of `guidance.rescale`, 0 for none.
    projection: puts the two sides together instead of that formula.
    perturbed: scale of `guidance.perturbed`, 0 for none; added to what is guided.
    self_attention: added last; it needs the negative side at any cfg.
    """

    positive: Sequence[Region]
    negative: Sequence[Region]
    cfg: float
    rescale: float = 0.0
    perturbed: float = 0.0
    projection: Projection | None = None
    self_attention: SelfAttention | None = None

    def __call__(self, call: ModelCall) -> Guidance:
        """The guided denoised latent."""
        looks = self.self_attention is not None and min(call.x.shape[2:]) > self_attention.SMALLEST
        guided = call.both or looks or not math.isclose(self.cfg, 1.0)
        sides = [Side(self.positive)]
        if guided:
            variant = self_attention.VARIANT if looks else ""
            sides.append(Side(self.negative, variant=variant, probed=looks))
        if self.perturbed:
            sides.append(Side(self.positive, perturbed.PERTURBED, perturbed.VARIANT))
        results = yield from evaluate(call, sides)
        wanted = denoised = results[0]
        if guided:
            unwanted = results[1][:, : wanted.shape[1]]
            if self.projection is not None and not math.isclose(self.cfg, 1.0):
                denoised = self.projection(wanted, unwanted, self.cfg, call.sigma)
            else:
                denoised = unwanted + self.cfg * (wanted - unwanted)
            if self.rescale:
                denoised = rescaled(call.x, call.sigma, wanted, denoised, self.rescale)
        if self.perturbed:
            denoised = denoised + self.perturbed * (wanted - results[-1])
        if looks and self.self_attention is not None:
            received = results[1][:, wanted.shape[1] :]
            smooth = blurred(unwanted, received, self.self_attention.blur_sigma)
            again = replace(call, x=call.x - unwanted + smooth)
            (clean,) = yield from evaluate(again, [Side(self.negative)])
            denoised = denoised + self.self_attention.scale * (smooth - clean)
        return torch.stack([denoised, unwanted]) if call.both else denoised


def evaluate(
    call: ModelCall, sides: Sequence[Side]
) -> Generator[Wish, Sequence[Tensor], list[Tensor]]:
    """For each side, the mean of its active regions' denoised latents, by weight.

    One wish for all. Cells that no region covers become 0.
    """
    x, sigma = call.x, call.sigma
    active = [
        (index, region)
        for index, side in enumerate(sides)
        for region in counting(side.regions, x.shape, sigma, call.step)
    ]
    answers: Sequence[Tensor] = ()
    if active:
        answers = yield tuple(rows_of(x, sigma, region, sides[index]) for index, region in active)
    results = []
    for index, side in enumerate(sides):
        found = [(r, a) for (at, r), a in zip(active, answers, strict=True) if at == index]
        if len(found) == 1 and found[0][0].covers(x):
            results.append(found[0][1])
        else:
            results.append(weighted_mean(x, x.shape[1] + side.probed, found))
    return results


def rows_of(x: Tensor, sigma: float, region: Region, side: Side) -> Rows:
    """A region's part of the latent, with its text."""
    a = region.area
    rows, columns = slice(a.y, a.y + a.height), slice(a.x, a.x + a.width)
    extra = None if region.extra is None else region.extra[:, :, rows, columns]
    return Rows(
        x[:, :, rows, columns],
        sigma,
        region.embedding,
        region.labels,
        extra,
        side.interventions,
        side.variant,
        side.probed,
        tuple(
            steered.rows(a, whole=(a.height, a.width) == tuple(x.shape[2:]))
            for steered in region.controls
            if steered.low <= sigma <= steered.high
        ),
        weighed(region.hooks, sigma),
        tuple(each.rows(a) for each in region.pictures if each.low <= sigma <= each.high),
        None if region.grounding is None else grounding_rows(region.grounding, a),
    )


def weighted_mean(x: Tensor, channels: int, found: Sequence[tuple[Region, Tensor]]) -> Tensor:
    """Denoised parts put in their places, averaged by weight; `channels` of the result."""
    total = x.new_zeros(len(x), channels, *x.shape[2:])
    if not found:
        return total
    count = torch.full_like(total, 1e-37)
    for region, part in found:
        a, weight = region.area, region.weight.to(part)
        rows, columns = slice(a.y, a.y + a.height), slice(a.x, a.x + a.width)
        total[:, :, rows, columns] += part * weight
        count[:, :, rows, columns] += weight
    return total / count
