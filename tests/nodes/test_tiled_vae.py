"""The autoencoder tile by tile: each tile as alone, the overlaps faded over a quarter of a tile."""

import torch
from torch import Tensor

from nodeflow.diffusion.latent import Latent
from nodeflow.node.context import RunContext
from tests.nodes.test_behaviour import call


def blended(tiles: list[Tensor], starts: list[int], width: int, overlap: int) -> Tensor:
    """Tiles `[..., tile]` at their places along one side, in float64."""
    total = torch.zeros(*tiles[0].shape[:-1], width, dtype=torch.float64)
    norm = torch.zeros(width, dtype=torch.float64)
    for tile, start in zip(tiles, starts, strict=True):
        size = tile.shape[-1]
        rising = torch.arange(1, size + 1, dtype=torch.float64) / (overlap + 1)
        weight = torch.ones(size, dtype=torch.float64)
        if start:
            weight = weight.minimum(rising)
        if start + size < width:
            weight = weight.minimum(rising.flip(0))
        total[..., start : start + size] += tile.double() * weight
        norm[start : start + size] += weight
    return total / norm


def test_a_decoded_picture_is_that_of_its_tiles() -> None:
    context = RunContext()
    vae = call("CheckpointLoaderSimple", "tiny-emoji", context)[2]
    latent = torch.randn(2, 4, 8, 20, generator=torch.Generator().manual_seed(1))
    parts = [
        call("VAEDecode", Latent(latent[..., start : start + 8]), vae, context).movedim(-1, 1)
        for start in (0, 6, 12)
    ]
    wanted = blended(parts, [0, 48, 96], 160, 16).movedim(1, -1)
    for overlap in (16, 64):
        found = call("VAEDecodeTiled", Latent(latent), vae, context, 64, overlap)
        assert torch.allclose(found.double(), wanted, atol=1e-5)


def test_an_encoded_picture_is_that_of_its_tiles() -> None:
    context = RunContext()
    vae = call("CheckpointLoaderSimple", "tiny-emoji", context)[2]
    pixels = torch.rand(2, 64, 160, 3, generator=torch.Generator().manual_seed(2))
    parts = [
        call("VAEEncode", pixels[:, :, start : start + 64], vae, context).samples
        for start in (0, 48, 96)
    ]
    wanted = blended(parts, [0, 6, 12], 20, 2)
    for overlap in (16, 64):
        found = call("VAEEncodeTiled", pixels, vae, context, 64, overlap)
        assert torch.allclose(found.samples.double(), wanted, atol=1e-4)
