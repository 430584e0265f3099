"""Smaller features in the first steps: where, when, and of which size."""

from pathlib import Path

import pytest
import torch

from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.patches.downscale import Downscale
from nodeflow.diffusion.patches.forward import ForwardPatches
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.resize import resize
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.unet.interventions import NONE, Place
from tests.diffusion.patches.embedded import sampled
from tests.nodes.test_behaviour import call

EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
SD = stable_diffusion()


def patch(block: int = 3, after_skip: bool = True, end: float = 0.35) -> Downscale:
    return Downscale(block, 2.0, 0.0, end, after_skip, "bicubic", "bislerp")


def test_it_acts_between_its_percents() -> None:
    patches = ForwardPatches((patch(),), SD, 32)
    border = SD.at_percent(0.35)
    assert patches.interventions(border, 8, 8).skip_maker is not None
    assert patches.interventions(border * 0.999, 8, 8) is NONE
    assert patches.state(border) != patches.state(border * 0.999)
    assert patches.state(border) == patches.state(border * 2)


@pytest.mark.parametrize("after_skip", [True, False])
def test_features_below_the_block_are_smaller(after_skip: bool) -> None:
    unet = Residency("cpu").unet(open_checkpoint(EMBEDDED, "print").model)
    level = next(i for i, block in enumerate(unet.down_blocks) if len(block.downsamplers))
    number = unet.config.layers_per_block + 1 + level
    seen: list[tuple[int, ...]] = []
    unet.mid_block.register_forward_pre_hook(lambda module, given: seen.append(given[0].shape))
    x, t, text = torch.randn(1, 4, 16, 16), torch.tensor([900.0]), torch.randn(1, 7, 192)
    acting = ForwardPatches((patch(number, after_skip),), SD, 32).interventions(10.0, 16, 16)
    with torch.no_grad():
        plain = unet(x, t, text)
        smaller = unet(x, t, text, None, acting)
    assert smaller.shape == plain.shape and not torch.allclose(smaller, plain, atol=1e-4)
    assert [2 * side for side in seen[1][2:]] == list(seen[0][2:])


@pytest.mark.parametrize("after_skip", [True, False])
def test_the_skip_keeps_its_size_and_both_meet_at_the_size_of_the_skip(after_skip: bool) -> None:
    acting = ForwardPatches((patch(3, after_skip),), SD, 32).interventions(10.0, 12, 20)
    assert acting.skip_maker is not None and acting.skip_filter is not None
    h = torch.randn(1, 5, 12, 20)
    assert all(part is h for part in acting.skip_maker(2, h))
    skip, below = acting.skip_maker(3, h)
    assert torch.equal(below, resize(h, 10, 6, "bicubic"))
    assert torch.equal(skip, h if after_skip else below)
    joined, same = acting.skip_filter(Place("up", 0, 0), below, h)
    assert torch.equal(joined, resize(below, 20, 12, "bislerp")) and same is h


def test_the_node() -> None:
    plain = sampled(size=16)
    never = sampled(lambda m: call("PatchModelAddDownscale", m, 3, 2.0, 1.0, 1.0), 16)
    assert torch.equal(never, plain)
    acting = sampled(lambda m: call("PatchModelAddDownscale", m), 16)
    assert not torch.allclose(acting, plain, atol=1e-3)
