"""Pictures enlarged by a network in tiles, through the node."""

import pytest
import torch
from torch import Tensor

from nodeflow.diffusion.upscale.model import Upscalers
from nodeflow.node.context import RunContext
from nodeflow.node.folders import Folders
from tests.nodes.test_behaviour import NODES, call

CONTEXT = RunContext()


def enlarged(picture: Tensor, *tiles: int) -> Tensor:
    upscaler = call("UpscaleModelLoader", "tiny-upscale-4x", CONTEXT)
    made: Tensor = call("ImageUpscaleWithModel", upscaler, picture, CONTEXT, *tiles)
    return made


def test_tiles_fade_into_each_other_over_the_overlap() -> None:
    """Of two tiles, each alone counts outside the overlap, and both in steps of 1 / (n + 1)."""
    picture = torch.rand(1, 24, 96, 4, generator=torch.Generator().manual_seed(0))
    upscaler = call("UpscaleModelLoader", "tiny-upscale-4x", CONTEXT)
    network = CONTEXT.resources.get(Upscalers, lambda: Upscalers("cpu")).get(upscaler)
    planes = picture[..., :3].movedim(-1, 1)
    with torch.no_grad():
        left, right = network(planes[..., :64]), network(planes[..., 32:])
    part = (torch.arange(128) + 1) / 129
    between = left[..., 128:] * (1 - part) + right[..., :128] * part
    wanted = torch.cat([left[..., :128], between, right[..., 128:]], -1).clamp(0, 1)
    assert bool((left < 0).any() | (left > 1).any())
    assert torch.allclose(enlarged(picture, 64, 32), wanted.movedim(1, -1), atol=1e-5)


@pytest.mark.parametrize("overlap", [64, 512])
def test_an_overlap_of_a_whole_tile_is_a_problem(overlap: int) -> None:
    check = NODES["ImageUpscaleWithModel"].declaration.validate
    assert check is not None
    (problem,) = check({"tile": 64, "overlap": overlap}, Folders())
    assert problem.input == "overlap" and str(overlap) in problem.message
    assert not [*check({"tile": 64, "overlap": 56}, Folders())]
    with pytest.raises(ValueError, match="tiles of 64 pixels overlap by less"):
        enlarged(torch.rand(1, 8, 72, 3), 64, overlap)
    assert enlarged(torch.rand(1, 8, 72, 3), 64, 56).isfinite().all()
