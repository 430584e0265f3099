"""Nodes of pictures against numpy and Pillow: which input is which, sides and methods."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from tests.nodes.test_behaviour import call


def picture(height: int, width: int, count: int = 1, seed: int = 0) -> Tensor:
    made = torch.Generator().manual_seed(seed)
    return torch.rand(count, height, width, 3, generator=made)


def resized(image: Tensor, height: int, width: int, mode: str) -> Tensor:
    planes = F.interpolate(image.movedim(-1, 1), (height, width), mode=mode)
    return planes.movedim(1, -1)


def test_a_side_of_0_keeps_the_proportions() -> None:
    image = picture(6, 16)
    assert call("ImageScale", image, "area", 8, 0).shape[1:3] == (3, 8)
    assert call("ImageScale", image, "area", 0, 12).shape[1:3] == (12, 32)
    assert call("ImageScale", image, "area", 0, 0) is image


def test_the_middle_is_kept_where_proportions_differ() -> None:
    wide, tall = picture(8, 24), picture(24, 8)
    found = call("ImageScale", wide, "area", 4, 4, "center")
    assert torch.allclose(found, resized(wide[:, :, 8:16], 4, 4, "area"))
    found = call("ImageScale", tall, "area", 8, 4, "center")
    assert torch.allclose(found, resized(tall[:, 10:14], 4, 8, "area"))
    assert torch.allclose(
        call("ImageScale", wide, "area", 4, 4), resized(wide, 4, 4, "area"), atol=1e-6
    )
    both = call("ImageBatch", picture(8, 8), tall)
    assert torch.equal(both[1:], tall[:, 8:16])


@pytest.mark.parametrize("method", ["nearest-exact", "bilinear", "area", "bicubic"])
def test_scaling_by_a_factor_takes_the_method(method: str) -> None:
    image = picture(6, 10)
    assert torch.allclose(
        call("ImageScaleBy", image, method, 1.5), resized(image, 9, 15, method), atol=1e-6
    )


def test_crops_and_repeats() -> None:
    image = picture(9, 12, 2)
    assert torch.equal(call("ImageCrop", image, 5, 3, 4, 2), image[:, 2:5, 4:9])
    assert torch.equal(call("RepeatImageBatch", image, 2), torch.cat([image, image]))
    red = call("EmptyImage", 2, 3, 1, 0xFF8000)
    assert torch.allclose(red[0, 0, 0], torch.tensor([1.0, 128 / 255, 0.0]))


def test_one_picture_on_another() -> None:
    below, above = picture(8, 10), picture(3, 4, seed=1)
    laid = call("ImageCompositeMasked", below, above, 5, 2)
    wanted = below.clone()
    wanted[:, 2:5, 5:9] = above
    assert torch.equal(laid, wanted)
    mask = torch.zeros(1, 3, 4)
    mask[:, :, 0] = 1
    laid = call("ImageCompositeMasked", below, above, 5, 2, False, mask)
    wanted = below.clone()
    wanted[:, 2:5, 5] = above[:, :, 0]
    assert torch.equal(laid, wanted)
    stretched = call("ImageCompositeMasked", below, above, 0, 0, True)
    assert torch.allclose(stretched, resized(above, 8, 10, "bilinear"), atol=1e-6)


def test_porter_duff_sets_the_first_on_the_second() -> None:
    """The upper one is cropped in the middle and resized, its mask with it."""
    below, above = picture(4, 4), picture(4, 8, seed=1)
    clear, mask = torch.zeros(1, 4, 4), torch.zeros(1, 4, 8)
    mask[:, :, 4:] = 1
    found = call("PorterDuffImageComposite", above, mask, below, clear, "SRC_OVER")
    wanted = torch.cat([above[:, :, 2:4], below[:, :, 2:]], 2)
    assert torch.allclose(found.IMAGE, wanted, atol=1e-6) and not found.MASK.any()
    kept = call("PorterDuffImageComposite", above, mask, below, clear, "SRC")
    assert torch.equal(kept.MASK, mask[:, :, 2:6])


def test_stitched_pictures_meet_in_pillows_lanczos_or_on_black() -> None:
    first, second = picture(8, 4), picture(4, 6, seed=1)
    joined = call("ImageStitch", first, "right", True, 0, "white", second)
    pixels = (255 * second[0]).round().byte().numpy()
    larger = Image.fromarray(pixels).resize((12, 8), Image.Resampling.LANCZOS)
    assert torch.equal(joined[:, :, :4], first)
    assert np.allclose(joined[0, :, 4:], np.asarray(larger) / 255, atol=1e-6)
    loose = call("ImageStitch", first, "right", False, 0, "white", second)
    assert torch.equal(loose[:, 2:6, 4:], second)
    assert not loose[:, :2, 4:].any() and not loose[:, 6:, 4:].any()


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_borders_to_be_painted_fade_into_the_picture(side: str) -> None:
    """Within the feathering the mask is the square of what is left of it."""
    image = picture(24, 32)
    found = call("ImagePadForOutpaint", image, feathering=5, **{side: 8})
    axis, first = (2 if side in ("left", "right") else 1), side in ("left", "top")
    mask = found.MASK[0].movedim(axis - 1, 0)[:, 3]
    line = mask if first else mask.flip(0)
    start = 0 if first else 1
    fading = [((5 - n) / 5) ** 2 if n < 5 else 0.0 for n in range(start, start + 24)]
    assert line[:8].eq(1).all()
    assert line[8:32].tolist() == pytest.approx(fading[: len(line[8:32])], abs=1e-6)
    inner = found.IMAGE.narrow(axis, 8 if first else 0, image.shape[axis])
    assert torch.equal(inner, image)
    hard = call("ImagePadForOutpaint", image, feathering=12, **{side: 8})
    assert hard.MASK.unique().tolist() == [0, 1]
