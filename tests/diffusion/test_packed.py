"""Packed convolutions: the same bits whatever they were packed for, weights that stay readable."""

import copy
from pathlib import Path

import pytest
import torch

from nodeflow.diffusion.packed import PackedConv2d, PackedWeight, can_pack, pack, plain, unpack
from nodeflow.diffusion.recipe import ModelRecipe, Prediction, VaeRecipe, WeightsFile
from nodeflow.diffusion.residency import Residency, shared_copy

EMBEDDED = Path(__file__).parents[2] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
pytestmark = pytest.mark.skipif(not can_pack(), reason="no such kernels on this processor")
SIZES = [(1, 4, 4), (2, 4, 4), (5, 8, 8), (1, 32, 24), (2, 64, 64)]


def convolution(width: int = 64, out: int = 96, stride: int = 1) -> PackedConv2d:
    """One with random weights."""
    torch.manual_seed(width)
    return PackedConv2d(width, out, 3, padding=1, stride=stride).requires_grad_(False)


@pytest.mark.parametrize(
    ("width", "out", "stride"),
    [(64, 96, 1), (4, 320, 1), (320, 4, 1), (320, 64, 1), (128, 128, 2), (640, 320, 1)],
)
def test_the_bits_do_not_depend_on_what_it_was_packed_for(
    width: int, out: int, stride: int
) -> None:
    inputs = [torch.randn(n, width, h, w) for n, h, w in SIZES]
    fresh = []
    for x in inputs:
        once = convolution(width, out, stride)
        expected = once(x)
        pack(once)
        fresh.append(once(x))
        assert torch.allclose(fresh[-1], expected, rtol=1e-4, atol=1e-4)
    used = convolution(width, out, stride)
    pack(used)
    for order in (range(len(inputs)), reversed(range(len(inputs)))):
        for i in order:
            assert torch.equal(used(inputs[i]), fresh[i])
    assert torch.equal(used(inputs[2])[3:4], used(inputs[2][3:4]))
    assert torch.equal(plain(used.weight), convolution(width, out, stride).weight)


def test_sharers_share_the_order_and_no_second_copy_is_made() -> None:
    one = convolution()
    pack(one)
    two = shared_copy(one)
    assert isinstance(two, PackedConv2d)
    one(torch.randn(2, 64, 8, 8))
    assert one.weight is two.weight and isinstance(two.weight, PackedWeight)
    two(torch.randn(1, 64, 16, 16))
    assert one.weight is two.weight and one.weight.packed_for == (1, 16, 16)


def test_gradients_and_plain_weights() -> None:
    one = convolution()
    x = torch.randn(2, 64, 8, 8, requires_grad=True)
    one(x).square().sum().backward()
    expected, x.grad = x.grad, None
    pack(one)
    with torch.no_grad():
        one(x)
    one(x).square().sum().backward()
    assert x.grad is not None and expected is not None and torch.allclose(x.grad, expected)
    own = copy.deepcopy(one, memo={id(one.weight): one.weight})
    unpack(own)
    assert not own.weight.is_mkldnn and one.weight.is_mkldnn
    assert torch.equal(own.weight, plain(one.weight))


def test_resident_networks_are_packed_and_count_their_bytes() -> None:
    file = WeightsFile(str(EMBEDDED), "x")
    residency = Residency()
    vae = residency.vae(VaeRecipe(file))
    before = residency.held_bytes()
    with torch.no_grad():
        vae.decode(torch.randn(1, 4, 16, 16))
    packed = [p for p in vae.parameters() if p.is_mkldnn]
    assert packed and residency.held_bytes() == before
    unet = residency.unet(ModelRecipe(file, Prediction.V, 0.18215))
    with torch.no_grad():
        unet(torch.randn(2, 4, 16, 16), torch.tensor([9.0, 9.0]), torch.randn(2, 77, 192))
    assert sum(p.is_mkldnn for p in unet.parameters()) > 20


@pytest.mark.parametrize(
    ("width", "out", "n", "side"),
    [(320, 320, 2, 32), (1280, 640, 2, 16), (1920, 640, 2, 32), (2560, 1280, 1, 8)],
)
def test_one_thread_and_two_give_the_same_planes(width: int, out: int, n: int, side: int) -> None:
    one, x = convolution(width, out), torch.randn(n, width, side, side)
    pack(one)
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            found.append(one(x))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*found) and all(y.is_contiguous() for y in found)
