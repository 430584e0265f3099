"""Nodes of masks: which input is which side, and where values begin to count."""

import pytest
import torch
from torch import Tensor

from nodeflow.imaging.masks import for_inpaint
from tests.nodes.test_behaviour import call


def mask(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(1, height, width, generator=torch.Generator().manual_seed(seed))


def test_one_mask_on_another_has_its_corner_at_x_and_y() -> None:
    below, above = mask(8, 10), mask(3, 4, 1)
    found = call("MaskComposite", below, above, 5, 2, "multiply")
    wanted = below.clone()
    wanted[:, 2:5, 5:9] *= above
    assert torch.equal(found, wanted)
    found = call("MaskComposite", below, above, 5, 2, "subtract")
    wanted = below.clone()
    wanted[:, 2:5, 5:9] = (wanted[:, 2:5, 5:9] - above).clamp(min=0)
    assert torch.equal(found, wanted) and bool((found == 0).any())


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("xor", [0, 1, 1, 0]),
        ("add", [0.2, 0.9, 0.9, 1.0]), ("subtract", [0.0, 0.0, 0.7, 0.0]),
        ("multiply", [0.01, 0.08, 0.08, 0.64]),
    ],
)  # fmt: skip
def test_operations(operation: str, wanted: list[float]) -> None:
    """Logical ones count a value from one half on."""
    below = torch.tensor([[[0.1, 0.1, 0.8, 0.8]]])
    above = torch.tensor([[[0.1, 0.8, 0.1, 0.8]]])
    found = call("MaskComposite", below, above, 0, 0, operation)
    assert found.flatten().tolist() == pytest.approx(wanted, abs=1e-6)


def test_each_side_fades_by_its_own_width() -> None:
    found = call("FeatherMask", torch.ones(1, 12, 12), left=2, top=3, right=4, bottom=5)[0]
    assert found[6].tolist() == pytest.approx([1 / 2, 1, 1, 1, 1, 1, 1, 1, 1, 3 / 4, 2 / 4, 1 / 4])
    down = [1 / 3, 2 / 3, 1, 1, 1, 1, 1, 1, 4 / 5, 3 / 5, 2 / 5, 1 / 5]
    assert found[:, 6].tolist() == pytest.approx(down)
    narrow = call("FeatherMask", torch.ones(1, 1, 4), left=4, right=4)[0, 0]
    assert narrow.tolist() == pytest.approx([1 / 16 * 4, 2 / 4 * 3 / 4, 3 / 4 * 2 / 4, 1 / 4])
    half = torch.full((1, 12, 12), 0.5)
    assert torch.equal(call("FeatherMask", half, 2, 3, 4, 5)[0], found / 2)


def test_crop_threshold_and_channels() -> None:
    given = mask(9, 12)
    assert torch.equal(call("CropMask", given, 4, 2, 5, 3), given[:, 2:5, 4:9])
    limit = torch.tensor([[[0.25, 0.5, 0.75]]])
    assert call("ThresholdMask", limit, 0.5).tolist() == [[[0, 0, 1]]]
    picture = torch.rand(1, 2, 3, 4)
    for index, channel in enumerate(("red", "green", "blue", "alpha")):
        assert torch.equal(call("ImageToMask", picture, channel), picture[..., index])


@pytest.mark.parametrize("by", [3, 4])
def test_a_grown_noise_mask_is_one_where_a_box_of_its_side_meets_it(by: int) -> None:
    """Odd sides lie around each place; even ones reach one cell farther to the lower right."""
    place = torch.zeros(1, 16, 16)
    place[:, 8:10, 8] = 1
    grey, grown = for_inpaint(torch.full((1, 16, 16, 3), 0.9), place, by)
    reached = grown[0, 0, 8].nonzero().flatten().tolist()
    assert reached == ([7, 8, 9] if by == 3 else [7, 8, 9, 10])
    assert grown.unique().tolist() == [0, 1]
    soft = for_inpaint(torch.full((1, 16, 16, 3), 0.9), place * 0.7, 0)[0]
    assert float(soft[0, 8, 8, 0]) == 0.5 and float(soft[0, 8, 7, 0]) == pytest.approx(0.9)
    assert float(grey[0, 8, 7, 0]) == pytest.approx(0.9)
