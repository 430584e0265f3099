"""The doubled convolution against torch's own two steps."""

import pytest
import torch
import torch.nn.functional as F

from nodeflow.diffusion.doubled import double_and_convolve
from nodeflow.diffusion.vae.blocks import Upsample


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (5, 3), (16, 16)])
@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("biased", [True, False])
def test_it_is_nearest_neighbour_and_convolution(
    size: tuple[int, int], images: int, biased: bool
) -> None:
    made = torch.Generator().manual_seed(0)
    x = torch.randn(images, 6, *size, generator=made, dtype=torch.float64)
    weight = torch.randn(5, 6, 3, 3, generator=made, dtype=torch.float64)
    bias = torch.randn(5, generator=made, dtype=torch.float64) if biased else None
    doubled = F.interpolate(x, scale_factor=2.0, mode="nearest")
    expected = F.conv2d(doubled, weight, bias, padding=1)
    torch.testing.assert_close(double_and_convolve(x, weight, bias), expected, rtol=0, atol=1e-13)


def test_the_autoencoder_gives_the_same_with_and_without_gradients() -> None:
    torch.manual_seed(0)
    upsample, x = Upsample(64), torch.randn(2, 64, 16, 16)
    with_gradients = upsample(x)
    with torch.no_grad():
        without = upsample(x)
    torch.testing.assert_close(without, with_gradients.detach(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("channels", [32, 128])
def test_a_picture_has_the_same_bits_alone_and_in_a_batch(channels: int) -> None:
    torch.manual_seed(0)
    upsample, x = Upsample(channels), torch.randn(3, channels, 32, 32)
    with torch.no_grad():
        together = upsample(x)
        alone = torch.cat([upsample(part) for part in x.split(1)])
    assert torch.equal(together, alone)
