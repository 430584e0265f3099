"""Classifier-free guidance (arXiv 2207.12598) over regions, with as few UNet calls as fit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.diffusion.guidance.regions import Region
from nodeflow.diffusion.sampling.model import DenoisingModel


@dataclass(frozen=True, eq=False)
class ClassifierFree:
    """`negative + cfg * (positive - negative)`; the negative side is skipped at cfg 1."""

    model: DenoisingModel
    positive: Sequence[Region]
    negative: Sequence[Region]
    cfg: float

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        """The guided denoised latent."""
        guided = not math.isclose(self.cfg, 1.0)
        sides = (self.positive, self.negative) if guided else (self.positive,)
        results = evaluate(self.model, x, sigma, sides)
        if not guided:
            return results[0]
        wanted, unwanted = results
        return unwanted + self.cfg * (wanted - unwanted)


def joined_contexts(embeddings: Sequence[Tensor]) -> Tensor:
    """Embeddings of different length, repeated to the least common multiple, as one batch."""
    length = math.lcm(*(e.shape[1] for e in embeddings))
    return torch.cat([e.repeat(1, length // e.shape[1], 1) for e in embeddings])


def evaluate(
    model: DenoisingModel, x: Tensor, sigma: float, sides: Sequence[Sequence[Region]]
) -> list[Tensor]:
    """For each side, the mean of its active regions' denoised latents, by weight.

    Regions of equal size run in one batch. Cells that no region covers become 0.
    """
    groups: dict[tuple[int, int], list[tuple[int, Region]]] = {}
    for side, regions in enumerate(sides):
        for region in regions:
            if region.active(sigma):
                size = (region.area.height, region.area.width)
                groups.setdefault(size, []).append((side, region))
    whole = (x.shape[2], x.shape[3])
    sums: list[Tensor | None] = [None for _ in sides]
    weights: list[Tensor | None] = [None for _ in sides]
    batch = len(x)
    for size, members in groups.items():
        crops = []
        for _, region in members:
            a = region.area
            crops.append(x[:, :, a.y : a.y + a.height, a.x : a.x + a.width])
        contexts = [
            r.embedding if len(r.embedding) == batch else r.embedding.expand(batch, -1, -1)
            for _, r in members
        ]
        pooled = [r.pooled for _, r in members if r.pooled is not None]
        labels = None
        if model.takes_labels and len(pooled) == len(members):
            labels = torch.cat([p.expand(batch, -1) for p in pooled])
        denoised = model(torch.cat(crops), sigma, joined_contexts(contexts), labels)
        for (side, region), part in zip(members, denoised.chunk(len(members)), strict=True):
            alone = sum(1 for group in groups.values() for s, _ in group if s == side) == 1
            if alone and size == whole and not region.bounded and region.weight.min() > 0:
                sums[side] = part
                continue
            weight = region.weight.to(part)
            a = region.area
            total = sums[side]
            count = weights[side]
            if total is None or count is None:
                total, count = torch.zeros_like(x), torch.full_like(x, 1e-37)
            rows, columns = slice(a.y, a.y + a.height), slice(a.x, a.x + a.width)
            total[:, :, rows, columns] += part * weight
            count[:, :, rows, columns] += weight
            sums[side], weights[side] = total, count
    results = []
    for total, count in zip(sums, weights, strict=True):
        if total is None:
            results.append(torch.zeros_like(x))
        else:
            results.append(total if count is None else total / count)
    return results
