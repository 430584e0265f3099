"""Batches of another size: pictures of one size that follow each other, counted anew."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

from nodeflow.node import Range, node
from nodeflow.values import Image, Latent

if TYPE_CHECKING:
    from torch import Tensor

Size = Annotated[int, Range(1, 4096, step=1)]


@node("RebatchLatents", category="latent/batch", display_name="Rebatch Latents")
def rebatch_latents(latents: list[Latent], batch_size: Size = 1) -> list[Latent]:
    """Batches of another size, as a list: what follows runs once per batch.

    Each item keeps its noise; where batches have no numbers of their own they are counted on.

    Args:
        latents: the batches; those of one size that follow each other are joined.
        batch_size: pictures in each; the last of a size may have fewer.
    """
    return [
        joined(same[start : start + batch_size])
        for same in runs(list(items_of(latents)))
        for start in range(0, len(same), batch_size)
    ]


@node("RebatchImages", category="image/batch", display_name="Rebatch Images")
def rebatch_images(images: list[Image], batch_size: Size = 1) -> list[Image]:
    """Batches of another size, as a list: what follows runs once per batch.

    Args:
        images: the batches; pictures of one size that follow each other are joined.
        batch_size: pictures in each; the last of a size may have fewer.
    """
    import torch

    found = []
    for _, same in groupby(images, key=lambda batch: batch.shape[1:]):
        pictures = torch.cat(list(same))
        starts = range(0, len(pictures), batch_size)
        found += [pictures[start : start + batch_size].clone() for start in starts]
    return found


def items_of(latents: list[Latent]) -> Iterator[Latent]:
    """Each picture as a batch of its own."""
    before = 0
    for latent in latents:
        count = len(latent.samples)
        numbers = latent.batch_index or tuple(range(before, before + count))
        before += count
        for at in range(count):
            here = slice(at, at + 1)
            mask = latent.noise_mask
            if mask is not None and len(mask) == count:
                mask = mask[here]
            yield replace(
                latent,
                samples=latent.samples[here],
                noise_mask=mask,
                batch_index=numbers[here],
                drawn_with=None,
                seeds=None if latent.seeds is None else latent.seeds[here],
            )


def runs(items: list[Latent]) -> list[list[Latent]]:
    """Items that follow each other and can be in one batch: of one size, all with seeds or none."""
    keyed = groupby(items, key=lambda item: (item.samples.shape[1:], item.seeds is None))
    return [list(same) for _, same in keyed]


def joined(items: list[Latent]) -> Latent:
    """Items as one batch; where only some have a mask, the others may change everywhere."""
    import torch

    seeds = [item.seeds[0] for item in items if item.seeds is not None]
    return replace(
        items[0],
        samples=torch.cat([item.samples for item in items]),
        noise_mask=joined_masks(items),
        batch_index=tuple(number for item in items for number in item.batch_index or ()),
        seeds=tuple(seeds) or None,
    )


def joined_masks(items: list[Latent]) -> "Tensor | None":
    """`[n, 1, height, width]` of the first one's size; ones where an item has none."""
    import torch

    from nodeflow.imaging.masks import fit

    masks = [item.noise_mask for item in items]
    sizes = [mask.shape[-2:] for mask in masks if mask is not None]
    if not sizes:
        return None
    height, width = sizes[0]
    return torch.cat(
        [
            torch.ones(1, 1, height, width) if mask is None else fit(mask, height, width)
            for mask in masks
        ]
    )
