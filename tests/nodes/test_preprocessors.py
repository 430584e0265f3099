"""The preprocessors against scikit-image and scipy, and that every option counts."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage
from skimage.transform import downscale_local_mean
from torch import Tensor

from tests.nodes.test_behaviour import call

LUMA = np.array([0.299, 0.587, 0.114])


def picture(height: int = 48, width: int = 64) -> Tensor:
    """Two pictures with more in them along one side than along the other."""
    generator = torch.Generator().manual_seed(3)
    noise = torch.rand(2, 3, height // 8, width // 4, generator=generator)
    smooth = F.interpolate(noise, (height, width), mode="bilinear")
    return smooth.movedim(1, -1)


def luma(image: Tensor) -> np.ndarray:
    """BT.601, float64 `[B, H, W]`."""
    return np.asarray(image.double().numpy() @ LUMA)


def lines(image: Tensor, sigma: float, strength: float) -> np.ndarray:
    """The positive difference of two Gaussians cut at three of the wider's sigmas."""
    radius = int(np.ceil(3 * sigma * 1.6))
    blurred = [
        ndimage.gaussian_filter(luma(image), (0, s, s), mode="mirror", radius=(0, radius, radius))
        for s in (sigma, 1.6 * sigma)
    ]
    return np.tanh(np.maximum(20 * strength * (blurred[1] - blurred[0]), 0))


def test_a_grid_has_the_mean_of_each_cell() -> None:
    image = picture()
    found = call("ColorGrid", image, 16)
    for made, given in zip(found.numpy(), image.numpy(), strict=True):
        means = downscale_local_mean(given, (16, 16, 1))
        assert np.allclose(made, means.repeat(16, 0).repeat(16, 1), atol=1e-6)


def test_a_tile_is_shrunk_by_means_and_enlarged_by_cubes() -> None:
    image = picture()
    found = call("TileBlur", image, 4.0)
    for made, given in zip(found.numpy(), image.numpy(), strict=True):
        small = torch.from_numpy(downscale_local_mean(given, (4, 4, 1))).movedim(-1, 0)[None]
        large = F.interpolate(small, (48, 64), mode="bicubic").clamp(0, 1)[0].movedim(0, -1)
        assert np.allclose(made, large.numpy(), atol=1e-5)


@pytest.mark.parametrize(("sigma", "strength"), [(1.0, 1.0), (1.0, 0.4), (2.5, 1.0)])
def test_lines_are_a_difference_of_gaussians(sigma: float, strength: float) -> None:
    image = picture()
    found = call("LineDrawing", image, sigma, strength).double().numpy()
    wanted = lines(image, sigma, strength)
    assert wanted.max() > 0.1
    assert np.allclose(found, wanted[..., None].repeat(3, -1), atol=1e-5)


@pytest.mark.parametrize("thickness", [1, 3, 6, 7])
def test_strokes_are_lines_above_a_threshold_made_thick(thickness: int) -> None:
    image = picture()
    found = call("Scribble", image, 2.0, 0.35, thickness).numpy()
    strokes = lines(image, 2.0, 2.0) > 0.35
    side = thickness // 2 * 2 + 1
    wanted = ndimage.grey_dilation(strokes.astype(np.float32), (1, side, side), mode="nearest")
    assert 0 < strokes.mean() < 0.5
    assert np.array_equal(found, wanted[..., None].repeat(3, -1))


def test_canny_takes_its_thresholds_in_order() -> None:
    image = picture()
    found, only_strong = (call("Canny", image, low, 0.8) for low in (0.1, 0.8))
    assert bool((found >= only_strong).all()) and not torch.equal(found, only_strong)
    assert torch.equal(only_strong, call("Canny", image, 0.79999, 0.8))


@pytest.mark.parametrize("strength", [2.0, 8.0])
def test_normals_stand_on_the_slopes_of_the_depth(strength: float) -> None:
    depth = picture()
    slopes = [
        np.stack([ndimage.sobel(plane, axis, mode="nearest") / 8 for plane in luma(depth)])
        for axis in (1, 0)
    ]
    normal = np.stack([strength * slope for slope in slopes] + [np.ones_like(slopes[0])], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    found = call("NormalFromDepth", depth, strength).double().numpy()
    assert np.allclose(found, (normal + 1) / 2, atol=1e-5)


def test_white_begins_above_a_luma() -> None:
    image = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.5]])[None, None]
    white = call("ImageThreshold", image, 0.25)[0, 0, :, 0]
    assert torch.equal(white, torch.tensor([1.0, 1.0, 0.0, 1.0]))
    assert float(call("ImageThreshold", image, 0.5)[0, 0].sum()) == 3
