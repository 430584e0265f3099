"""Pictures and masks of unequal channels, counts and sizes, given to one node."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from nodeflow.imaging.prefix import sound_prefix
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import load_registry
from nodeflow.node.port import Range
from nodeflow.node.trust import TrustList

NODES = load_registry([], TrustList(Path("nowhere.json"))).nodes
OPAQUE = torch.rand(1, 4, 6, 3, generator=torch.Generator().manual_seed(0))
CLEAR = torch.cat([1 - OPAQUE, torch.full((1, 4, 6, 1), 0.25)], -1)


def call(id: str, *values: object, **named: object) -> Tensor:
    made = NODES[id].function(*values, **named)
    assert isinstance(made, Tensor)
    return made


def test_a_batch_of_pictures_with_and_without_alpha() -> None:
    for first, second in ((OPAQUE, CLEAR), (CLEAR, OPAQUE)):
        both = call("ImageBatch", first, second)
        assert both.shape == (2, 4, 6, 4)
        assert torch.equal(both[:1, ..., : first.shape[-1]], first)
        assert torch.equal(both[1:, ..., : second.shape[-1]], second)
        assert (both[0 if first is OPAQUE else 1, ..., 3] == 1).all()


def test_blending_and_compositing_keep_the_channels_of_the_lower_picture() -> None:
    assert torch.equal(call("ImageBlend", OPAQUE, CLEAR, 1.0), CLEAR[..., :3])
    over = call("ImageBlend", CLEAR, OPAQUE, 1.0)
    assert torch.equal(over[..., :3], OPAQUE) and (over[..., 3] == 1).all()
    laid = call("ImageCompositeMasked", CLEAR, OPAQUE[:, :2], 0, 0)
    assert torch.equal(laid[:, :2, :, :3], OPAQUE[:, :2]) and (laid[:, :2, :, 3] == 1).all()
    assert torch.equal(laid[:, 2:], CLEAR[:, 2:])
    assert torch.equal(call("ImageCompositeMasked", OPAQUE, CLEAR), CLEAR[..., :3])


def test_alpha_counts_where_pictures_are_compared() -> None:
    solid = torch.cat([OPAQUE, torch.ones(1, 4, 6, 1)], -1)
    assert not call("ImageDifference", OPAQUE, solid).any()
    assert NODES["ImageSimilarity"].function(OPAQUE, solid).equal  # type: ignore[attr-defined]
    faint = torch.cat([OPAQUE, torch.full((1, 4, 6, 1), 0.75)], -1)
    assert torch.equal(call("ImageDifference", faint, OPAQUE, 2.0), torch.full((1, 4, 6, 3), 0.5))


def test_masks_of_several_counts_are_combined() -> None:
    one, three = torch.full((1, 4, 4), 0.25), torch.rand(3, 2, 2)
    for below, above in ((one, three), (one.expand(2, 4, 4), three)):
        sum_ = call("MaskComposite", below, above, 1, 1, "add")
        assert sum_.shape == (3, 4, 4) and (sum_[:, 0] == 0.25).all()
        assert torch.equal(sum_[:, 1:3, 1:3], (0.25 + three).clamp(0, 1))
    assert call("MaskComposite", three, one, 0, 0, "multiply").shape == (3, 2, 2)


def test_a_picture_too_small_to_encode_in_tiles_is_told_with_its_size() -> None:
    from nodeflow.diffusion.vae.codec import crop_to_cells
    from nodeflow.imaging.masks import for_inpaint

    for take in (crop_to_cells, lambda picture: for_inpaint(picture, picture[..., 0], 6)):
        with pytest.raises(ValueError, match="a picture of 6 x 4 is smaller than 8 x 8 pixels"):
            take(OPAQUE)


def test_pictures_and_masks_of_several_counts_are_inpainted() -> None:
    from nodeflow.imaging.masks import for_inpaint

    pixels, masks = torch.zeros(3, 17, 16, 4), torch.stack([torch.zeros(5, 5), torch.ones(5, 5)])
    grey, grown = for_inpaint(pixels, masks, 0)
    assert grey.shape == (3, 16, 16, 3) and grown.shape == (3, 1, 16, 16)
    assert [float(item.mean()) for item in grey] == [0, 0.5, 0]
    assert for_inpaint(pixels[:1], masks, 0)[0].shape == (2, 16, 16, 3)


def test_the_prefix_of_a_trained_adapter_is_checked_before_the_training(tmp_path: Path) -> None:
    folders = Folders(output=tmp_path)
    (problem,) = sound_prefix({"prefix": "../x"}, folders)
    assert problem.input == "prefix"
    assert not [*sound_prefix({"prefix": "loras/x"}, folders)]


def test_a_seed_of_training_is_one_of_sampling() -> None:
    seeds = [NODES[id].input("seed") for id in ("TrainLoraNode", "KSampler")]
    assert [port and port.constraint(Range) for port in seeds] == [Range(0, 2**64 - 1, step=1)] * 2
