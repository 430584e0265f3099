"""Node functions called as the plain functions they are."""

from pathlib import Path

import pytest
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


def test_latents_laid_turned_and_joined() -> None:
    a, b = Latent(torch.zeros(2, 4, 8, 8)), Latent(torch.ones(1, 4, 4, 4))
    laid = call("LatentComposite", a, b, 16, 32, 16).samples[0, 0]
    assert laid[4, 2] == 0.25 and laid[7, 3] == 1 and laid[4, 6] == 0 and laid[3].sum() == 0
    assert laid[7, 5] == 0.5
    masked = call("LatentCompositeMasked", a, b, 0, 0, True, torch.full((1, 64, 64), 0.5))
    assert torch.equal(masked.samples, torch.full((2, 4, 8, 8), 0.5))
    ramp = Latent(torch.arange(8.0).expand(1, 4, 8, 8))
    assert call("LatentRotate", ramp, "90 degrees").samples[0, 0, :, 0].tolist() == list(range(8))
    assert call("LatentFlip", ramp, "y-axis: horizontally").samples[0, 0, 0, 0] == 7
    assert call("LatentCrop", ramp, 64, 64, 16000, 0).samples.shape[-2:] == (8, 8)
    joined = call("LatentBatch", a, Latent(ramp.samples, batch_index=(5,)))
    assert joined.batch_index == (0, 1, 5) and len(joined.samples) == 3
    fixed = call("LatentBatchSeedBehavior", joined, "fixed")
    assert fixed.batch_index == (0, 0, 0)
    assert call("LatentBatchSeedBehavior", fixed, "random").batch_index is None
    assert torch.equal(call("LatentAdd", ramp, ramp).samples, 2 * ramp.samples)
    assert not call("LatentSubtract", ramp, ramp).samples.any()
    assert torch.equal(call("LatentMultiply", ramp, -2.0).samples, -2 * ramp.samples)
    assert torch.equal(call("LatentBlend", a, b, 0.25).samples, torch.full((2, 4, 8, 8), 0.75))
    assert torch.equal(call("LatentInterpolate", ramp, a, 1.0).samples, ramp.samples)


def test_transparency() -> None:
    image = torch.rand(1, 4, 6, 3)
    mask = torch.zeros(1, 4, 6)
    mask[:, :2] = 1
    joined = call("JoinImageWithAlpha", image, mask)
    assert joined.shape == (1, 4, 6, 4) and joined[0, 0, 0, 3] == 0 and joined[0, 3, 0, 3] == 1
    split = call("SplitImageWithAlpha", joined)
    assert torch.equal(split.IMAGE, image) and torch.equal(split.MASK, mask)
    composed = call("PorterDuffImageComposite", *split, image * 0, 1 - mask, "SRC_OVER")
    assert torch.equal(composed.IMAGE[:, 2:], image[:, 2:]) and not composed.IMAGE[:, :2].any()
    assert not composed.MASK.any()
    laid = call("ImageCompositeMasked", image * 0, image, 0, 0, False, mask)
    assert torch.equal(laid[:, :2], image[:, :2]) and not laid[:, 2:].any()


def test_masks_cut_and_grown() -> None:
    mask = torch.zeros(1, 8, 8)
    mask[0, 3, 3] = 1
    assert (
        call("GrowMask", mask, 1, True).sum() == 5 and call("GrowMask", mask, 1, False).sum() == 9
    )
    assert call("CropMask", mask, 3, 3, 2, 50).shape == (1, 5, 2)
    soft = call("FeatherMask", torch.ones(1, 8, 8), 4)
    assert soft[0, 0].tolist() == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]
    assert torch.equal(
        call("ThresholdMask", soft, 0.6)[0, 0], torch.tensor([0.0, 0, 1, 1, 1, 1, 1, 1])
    )
    picture = call("EmptyImage", 4, 4, 1, 0x102030)
    assert call("ImageColorToMask", picture, 0x102030).all()
    assert not call("ImageColorToMask", picture, 0x102031).any()


def test_effects_keep_size_and_range() -> None:
    image = torch.rand(2, 24, 32, 3, generator=torch.Generator().manual_seed(0))
    for id in (
        "ImageBlur",
        "ImageSharpen",
        "ImageQuantize",
        "Morphology",
        "Canny",
        "LineDrawing",
        "Scribble",
        "NormalFromDepth",
        "ColorGrid",
        "TileBlur",
        "ImageThreshold",
    ):
        made = call(id, image)
        assert made.shape == image.shape and made.min() >= 0 and made.max() <= 1, id
        assert not torch.equal(made, image), id
    assert call("ImageBlend", image, image[:, :12], 0.5, "screen").shape == image.shape
    assert call("ImageStitch", image, "down", True, 4, "red", image).shape == (2, 52, 32, 3)
    assert torch.equal(call("ImageStitch", image), image)
    assert call("ImageCrop", image, 8, 8, 30, 2).shape == (2, 8, 2, 3)
    assert call("ImageFromBatch", image, 5, 3).shape[0] == 1
    assert call("RepeatImageBatch", image, 3).shape[0] == 6
    scaled = call("ImageScaleToTotalPixels", image, "bilinear", 0.01)
    assert scaled.shape[1:3] == (89, 118)
    assert tuple(call("ImageSimilarity", image, image)) == (float("inf"), pytest.approx(1.0), True)
    assert not call("ImageDifference", image, image).any()
    with pytest.raises(ValueError, match=r"32 x 24 .*32 x 12"):
        call("ImageSimilarity", image, image[:, :12])


def test_a_part_is_cut_out_and_laid_back() -> None:
    image = torch.rand(1, 64, 96, 3)
    mask = torch.zeros(1, 64, 96)
    mask[:, 30:36, 40:50] = 1
    cut = call("CutOutByMask", image, mask, 8, 8, 64)
    assert max(cut.IMAGE.shape[1:3]) == 64 and cut.MASK.shape == cut.IMAGE.shape[:3]
    back = call("LayBackByMask", image, cut.IMAGE, mask, *cut[2:], 0)
    assert float((back - image).abs().max()) < 0.5 and torch.equal(back[:, :20], image[:, :20])
