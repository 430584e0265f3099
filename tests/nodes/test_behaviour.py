"""Node functions called as the plain functions they are."""

from pathlib import Path

import torch

from nodeflow.diffusion.conditioning import Area, AreaFraction, ConditioningEntry
from nodeflow.diffusion.latent import Latent
from nodeflow.node.plugins import load_registry
from nodeflow.node.trust import TrustList

NODES = load_registry([], TrustList(Path("nowhere.json"))).nodes


def call(id: str, *values: object, **named: object):  # type: ignore[no-untyped-def]
    """A node's function."""
    return NODES[id].function(*values, **named)


def test_latents() -> None:
    empty = call("EmptyLatentImage", 100, 64, 2)
    assert empty.samples.shape == (2, 4, 8, 12) and not empty.samples.any()
    latent = Latent(torch.randn(4, 4, 8, 8), torch.rand(4, 1, 8, 8))
    picked = call("LatentFromBatch", latent, 2, 9)
    assert torch.equal(picked.samples, latent.samples[2:]) and picked.batch_index == (2, 3)
    again = call("LatentFromBatch", picked, 1, 1)
    assert again.batch_index == (3,) and torch.equal(again.noise_mask, latent.noise_mask[3:])  # type: ignore[index]
    twice = call("RepeatLatentBatch", picked, 2)
    assert twice.samples.shape[0] == 4 and twice.batch_index == (2, 3, 4, 5)
    assert call("LatentUpscaleBy", latent, "bislerp", 1.5).samples.shape[-2:] == (12, 12)
    assert call("LatentUpscale", latent, "area", 128, 0).samples.shape[-2:] == (16, 16)
    masked = call("SetLatentNoiseMask", latent, torch.ones(1, 64, 64))
    assert masked.noise_mask.shape == (1, 1, 64, 64)


def test_conditioning() -> None:
    entry = ConditioningEntry(torch.ones(1, 77, 8), torch.ones(1, 8))
    both = call("ConditioningCombine", (entry,), (entry,))
    assert len(both) == 2
    (long,) = call("ConditioningConcat", (entry,), (entry,))
    assert long.embedding.shape == (1, 154, 8)
    (placed,) = call("ConditioningSetArea", (entry,), 128, 64, 16, 8, 0.5)
    assert placed.area == Area(8, 16, 1, 2) and placed.strength == 0.5
    (part,) = call("ConditioningSetAreaPercentage", (entry,), 0.5, 0.25, 0.1, 0.2)
    assert part.area == AreaFraction(0.25, 0.5, 0.2, 0.1)
    (late,) = call("ConditioningSetTimestepRange", (entry,), 0.5, 1.0)
    assert (late.start_percent, late.end_percent) == (0.5, 1.0)
    (zero,) = call("ConditioningZeroOut", (entry,))
    assert not zero.embedding.any() and not zero.pooled.any() and bool(entry.embedding.all())
    (masked,) = call("ConditioningSetMask", (entry,), torch.ones(8, 8), 2.0, "mask bounds")
    assert masked.mask.shape == (1, 8, 8) and masked.mask_bounds and masked.mask_strength == 2.0


def test_images_and_masks() -> None:
    blue = call("EmptyImage", 6, 4, 1, 0x0000FF)
    assert blue.shape == (1, 4, 6, 3) and blue[0, 0, 0].tolist() == [0, 0, 1]
    assert call("ImageInvert", blue)[0, 0, 0].tolist() == [1, 1, 0]
    assert call("ImageScale", blue, "area", 12, 0).shape == (1, 8, 12, 3)
    assert call("ImageScaleBy", blue, "lanczos", 2.0).shape == (1, 8, 12, 3)
    assert call("ImageBatch", blue, call("EmptyImage", 3, 3)).shape == (2, 4, 6, 3)
    assert tuple(call("GetImageSize", blue)) == (6, 4, 1)
    mask = call("SolidMask", 0.25, 6, 4)
    assert mask.shape == (1, 4, 6) and float(call("InvertMask", mask).mean()) == 0.75
    assert torch.equal(call("ImageToMask", call("MaskToImage", mask), "green"), mask)
    assert float(call("ImageToMask", blue, "alpha").min()) == 1.0
    padded = call("ImagePadForOutpaint", blue, 8, 0, 0, 8)
    assert padded.IMAGE.shape == (1, 12, 14, 3)
    assert call("StringConcatenate", "a", "b", ", ") == "a, b"
    assert call("PrimitiveInt", 5) == 5
