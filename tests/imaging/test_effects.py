"""Filters, edges, morphology, palettes and measures against well-known libraries."""

import math

import kornia
import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from skimage.metrics import structural_similarity

from nodeflow.imaging import canny, compare, filters, morphology, quantize


def picture(height: int = 48, width: int = 40, seed: int = 0) -> torch.Tensor:
    """Smooth blobs with a hard square, in 0..1."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(1, 3, height // 4, width // 4, generator=generator)
    smooth = torch.nn.functional.interpolate(noise, (height, width), mode="bilinear")
    smooth[..., 10:25, 8:30] = torch.tensor([1.0, 0.9, 1.0])[None, :, None, None]
    return smooth.movedim(1, -1)


@pytest.mark.parametrize(("low", "high"), [(0.4, 0.8), (0.1, 1.0), (0.6, 0.7)])
def test_canny_is_that_of_kornia(low: float, high: float) -> None:
    image = torch.cat([picture(seed=s) for s in (1, 2)])
    _, edges = kornia.filters.canny(image.movedim(-1, 1), low, high, hysteresis=True)
    ours = canny.canny(image, low, high)
    assert torch.equal(ours[..., 0], edges[:, 0])
    assert bool(ours.any()) and not bool(ours.all())


@pytest.mark.parametrize(("radius", "sigma"), [(1, 1.0), (3, 0.5), (9, 2.0)])
def test_blur_is_a_normalised_gaussian(radius: int, sigma: float) -> None:
    image = picture()
    line = np.linspace(-1, 1, 2 * radius + 1)
    weights = np.exp(-(line[:, None] ** 2 + line[None] ** 2) / (2 * sigma**2))
    weights /= weights.sum()
    wanted = [
        ndimage.convolve(image[0, ..., c].double().numpy(), weights, mode="mirror")
        for c in range(3)
    ]
    assert np.allclose(filters.blur(image, radius, sigma)[0], np.stack(wanted, -1), atol=1e-6)
    sharper = (1 + 10 * 0.3) * image[0].double().numpy() - 3 * np.stack(wanted, -1)
    ours = filters.sharpen(image, radius, sigma, 0.3)[0]
    assert np.allclose(ours, sharper.clip(0, 1), atol=2e-6)


def test_a_picture_smaller_than_the_kernel_can_be_blurred() -> None:
    assert filters.blur(torch.ones(1, 3, 2, 3), 9, 1.0).allclose(torch.ones(1, 3, 2, 3))


@pytest.mark.parametrize("size", [3, 4, 7])
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("erode", ndimage.grey_erosion),
        ("dilate", ndimage.grey_dilation),
        ("open", ndimage.grey_opening),
        ("close", ndimage.grey_closing),
        ("gradient", ndimage.morphological_gradient),
        ("top_hat", ndimage.white_tophat),
        ("bottom_hat", ndimage.black_tophat),
    ],
)
def test_morphology_is_that_of_scipy(name: morphology.Operation, reference, size: int) -> None:  # type: ignore[no-untyped-def]
    image = picture()
    odd = size // 2 * 2 + 1
    wanted = reference(image[0, ..., 0].numpy(), size=(odd, odd))
    ours = morphology.apply(image.movedim(-1, 1), name, size)[0, 0].numpy()
    inner = slice(odd, -odd)
    assert np.allclose(ours[inner, inner], wanted[inner, inner], atol=1e-6)


@pytest.mark.parametrize("tapered", [True, False])
@pytest.mark.parametrize("by", [3, -2, 0])
def test_growing_is_that_of_scipy(tapered: bool, by: int) -> None:
    mask = (torch.rand(2, 20, 24, generator=torch.Generator().manual_seed(3)) > 0.93).float()
    if by < 0:
        mask = 1 - mask
    corner = 0 if tapered else 1
    shape = np.array([[corner, 1, corner], [1, 1, 1], [corner, 1, corner]])
    change = ndimage.grey_dilation if by > 0 else ndimage.grey_erosion
    for item, grown in zip(mask, morphology.grow(mask, by, tapered), strict=True):
        wanted = item.numpy()
        for _ in range(abs(by)):
            wanted = change(wanted, footprint=shape)
        assert np.array_equal(grown.numpy(), wanted)


def test_palettes() -> None:
    image = picture()
    pixels = Image.fromarray((image[0] * 255).round().byte().numpy())
    wanted = np.asarray(pixels.quantize(7, dither=Image.Dither.NONE).convert("RGB")) / 255
    assert np.allclose(quantize.quantize(image, 7, "none")[0], wanted, atol=1e-6)
    for dither in ("floyd-steinberg", "bayer-2", "bayer-16"):
        out = quantize.quantize(image, 5, dither)  # type: ignore[arg-type]
        assert len(out.reshape(-1, 3).unique(dim=0)) <= 5
        assert float((out.mean((1, 2)) - image.mean((1, 2))).abs().max()) < 0.08
    assert quantize.bayer(2).tolist() == [[-0.375, 0.125], [0.375, -0.125]]
    assert sorted((quantize.bayer(8).ravel() + 0.5) * 64) == [i + 0.5 for i in range(64)]


def test_likeness() -> None:
    a = picture(64, 64)
    b = (a + 0.1 * torch.randn(a.shape, generator=torch.Generator().manual_seed(1))).clamp(0, 1)
    wanted = structural_similarity(
        a[0].double().numpy(), b[0].double().numpy(), data_range=1.0, channel_axis=-1,
        gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    )  # fmt: skip
    assert compare.ssim(a, b) == pytest.approx(wanted, abs=1e-6)
    assert compare.ssim(a, a) == pytest.approx(1.0)
    error = float((a - b).square().mean())
    assert compare.psnr(a, b) == pytest.approx(10 * math.log10(1 / error), abs=1e-4)
    assert compare.psnr(a, a) == math.inf
    assert torch.equal(compare.difference(a, b, 1.0), (a - b).abs())


def test_histogram_shows_where_the_tones_are() -> None:
    bars = compare.histogram(torch.tensor([0.0, 0.5, 1.0]).expand(1, 4, 4, 3), 32)
    assert bars.shape == (1, 32, 256, 3)
    assert [int(bars[0, :, :, c].any(0).nonzero()) for c in range(3)] == [0, 128, 255]


def test_normals_of_a_slope() -> None:
    ramp = torch.linspace(0, 1, 32).expand(1, 32, 32)[..., None].expand(-1, -1, -1, 3)
    normal = filters.normals_from_depth(ramp, 31.0)[0, 16, 16] * 2 - 1
    slope = 31.0 * (1 / 31) * 1.0
    wanted = torch.tensor([slope, 0.0, 1.0]) / math.sqrt(slope**2 + 1)
    assert torch.allclose(normal, wanted, atol=1e-4)


def test_normals_have_the_colours_that_control_nets_know() -> None:
    """ControlNet 1.1 on normalbae: blue is front, red is left, green is top."""
    rows, columns = torch.meshgrid(torch.arange(33.0), torch.arange(33.0), indexing="ij")
    ball = (16**2 - (rows - 16) ** 2 - (columns - 16) ** 2).clamp(min=0).sqrt() / 16
    normal = filters.normals_from_depth(ball[None, ..., None].expand(-1, -1, -1, 3), 8.0)[0]
    left, right, top, bottom = normal[16, 8], normal[16, 24], normal[8, 16], normal[24, 16]
    assert left[0] > 0.6 and right[0] < 0.4 and top[1] > 0.6 and bottom[1] < 0.4
    assert torch.allclose(normal[16, 16], torch.tensor([0.5, 0.5, 1.0]))


def test_lines_are_where_edges_are() -> None:
    image = torch.ones(1, 32, 32, 3)
    image[:, :, 16:18] = 0
    drawn = filters.line_drawing(image, 1.0, 1.0)[0, 16, :, 0]
    assert float(drawn[16:18].min()) > 0.9 and float(drawn[:8].max()) < 1e-3
