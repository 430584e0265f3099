"""Every format at sizes of SD1's and SDXL's layers against the formulas in float64."""

import pytest
import torch

from tests.diffusion.adapters.formats import FLAT
from tests.diffusion.adapters.formulas import changed as wanted
from tests.diffusion.adapters.formulas import drawn
from tests.diffusion.adapters.test_changes import ours, relative

SHAPES = [(320, 320), (1280, 640), (640, 768), (320, 640, 1, 1), (320, 320, 3, 3), (4, 320, 3, 3)]


@pytest.mark.parametrize("kind", FLAT)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_formula(kind: str, shape: tuple[int, ...]) -> None:
    from nodeflow.diffusion.adapters.change import changed

    weight = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 0.2
    given = drawn(shape, FLAT[kind], 2)
    change = ours({name.removeprefix("."): value for name, value in given.items()}, None)
    for strength in (1.0, -0.4):
        moved = weight + strength * (wanted(weight, given) - weight.double())
        found = changed(weight, change, strength)
        assert relative(found, moved) < 1e-5
        assert relative(weight, moved) > 1e-3
