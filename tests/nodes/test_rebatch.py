"""Batches counted anew."""

import torch

from nodeflow.diffusion.latent import Latent
from tests.nodes.test_behaviour import call


def grey(count: int, side: int, first: float) -> torch.Tensor:
    """Pictures of one grey each: first, first + 1, …"""
    levels = torch.arange(count).float() + first
    return levels[:, None, None, None].expand(count, side, side, 3)


def test_pictures_of_one_size_are_joined_across_batches() -> None:
    batches = [grey(1, 8, 0), grey(1, 8, 1), grey(3, 8, 2), grey(2, 16, 5)]
    found = call("RebatchImages", batches, 2)
    assert [list(batch[:, 0, 0, 0]) for batch in found] == [[0, 1], [2, 3], [4], [5, 6]]
    assert [len(batch) for batch in call("RebatchImages", batches)] == [1] * 7
    assert [len(batch) for batch in call("RebatchImages", batches, 4096)] == [5, 2]


def latents(count: int, side: int = 4, **parts: object) -> Latent:
    """Latents of zeros."""
    return Latent(torch.zeros(count, 4, side, side), **parts)  # type: ignore[arg-type]


def test_latents_keep_their_numbers_masks_and_seeds() -> None:
    half = torch.zeros(1, 32, 32)
    one = latents(2, noise_mask=half)
    two = latents(2, batch_index=(7, 9))
    (found,) = call("RebatchLatents", [one, two], 8)
    assert found.batch_index == (0, 1, 7, 9)
    assert found.noise_mask.shape == (4, 1, 32, 32)
    assert found.noise_mask.mean((1, 2, 3)).tolist() == [0, 0, 1, 1]
    first, second = call("RebatchLatents", [latents(2), latents(1)], 2)
    assert (first.batch_index, second.batch_index) == ((0, 1), (2,))
    assert first.noise_mask is None
    seeded, plain = call("RebatchLatents", [latents(2, seeds=(5, 6)), latents(1)], 3)
    assert (seeded.seeds, plain.seeds) == ((5, 6), None)
    sizes = call("RebatchLatents", [latents(1), latents(1, 8), latents(2)], 2)
    assert [len(batch.samples) for batch in sizes] == [1, 1, 2]


def test_items_of_a_batch_are_told_apart() -> None:
    masks = torch.stack([torch.full((8, 8), level) for level in (0.0, 0.5, 1.0)])
    found = call("RebatchLatents", [latents(3, noise_mask=masks, seeds=(1, 2, 3))])
    assert [float(item.noise_mask.mean()) for item in found] == [0.0, 0.5, 1.0]
    assert [item.seeds for item in found] == [(1,), (2,), (3,)]
