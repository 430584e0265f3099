"""One thread or two: the same bits, since keys of results do not tell them apart."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.pointwise import PointwiseConv2d
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.unet.attention import Transformer2D
from nodeflow.diffusion.unet.blocks import ResnetBlock
from nodeflow.diffusion.unet.interventions import NONE, Place
from nodeflow.diffusion.vae.codec import decode_latent, encode_image

EMBEDDED = Path(__file__).parents[2] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def with_each(compute: "torch.nn.Module | object", *inputs: object) -> list[torch.Tensor]:
    found = []
    for count in (1, 2):
        torch.set_num_threads(count)
        with torch.no_grad():
            found.append(compute(*inputs))  # type: ignore[operator]
    return found


def test_a_pointwise_convolution_is_a_convolution() -> None:
    layer = PointwiseConv2d(6, 4)
    x = torch.randn(3, 6, 5, 7)
    wanted = torch.nn.functional.conv2d(x, layer.weight, layer.bias)
    assert torch.allclose(layer(x), wanted, atol=1e-6)


@pytest.mark.parametrize(("width", "side"), [(320, 32), (640, 16), (1280, 8)])
def test_blocks_of_published_widths(width: int, side: int) -> None:
    x = torch.randn(2, width, side, side)
    resnet = ResnetBlock(width, width // 2, 1280, 32)
    one, two = with_each(resnet, x, torch.randn(2, 1280))
    assert torch.equal(one, two)
    transformer = Transformer2D(width, 768, 8, 1, 32, linear_projection=False)
    place = Place("down", 0, 0)
    one, two = with_each(transformer, x, torch.randn(2, 77, 768), place, NONE)
    assert torch.equal(one, two)


def test_the_embedded_model() -> None:
    residency, opened = Residency("cpu"), open_checkpoint(EMBEDDED, "print")
    unet, vae = residency.unet(opened.model), residency.vae(opened.vae)
    made = torch.Generator().manual_seed(1)
    x, text = torch.randn(2, 4, 16, 16, generator=made), torch.randn(2, 77, 192, generator=made)
    for found in (
        with_each(unet, x, torch.tensor([500.0, 20.0]), text),
        with_each(decode_latent, vae, x[:1]),
        with_each(encode_image, vae, torch.rand(1, 96, 64, 3, generator=made)),
    ):
        assert torch.equal(found[0], found[1])
