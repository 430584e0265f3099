"""Canny's edges ("A Computational Approach to Edge Detection", 1986)."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.blur import separable_gaussian
from nodeflow.imaging.filters import grey, sobel

STEPS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
"""(row, column) of the neighbour at each multiple of 45 degrees, y downwards."""


def _neighbour(x: Tensor, step: tuple[int, int]) -> Tensor:
    row, column = step
    padded = F.pad(x, [1, 1, 1, 1])
    height, width = x.shape[-2:]
    return padded[..., 1 + row : 1 + row + height, 1 + column : 1 + column + width]


def canny(image: Tensor, low: float, high: float) -> Tensor:
    """White edges on black, `[B, H, W, 3]`, of a picture `[B, H, W, 3]` in 0..1.

    Luma, Gaussian 5 by 5 with sigma 1, Sobel, thinning along the gradient; an edge above `high`
    counts, and so does one above `low` that is joined to such an edge. Magnitudes are those of
    Sobel's integer weights, up to 4 a step of black to white. Of two equal neighbours across a
    step the left or upper one is kept, as OpenCV does.
    """
    dx, dy = (8 * slope for slope in sobel(separable_gaussian(grey(image), 5, 1.0)))
    magnitude = torch.sqrt(dx * dx + dy * dy)
    direction = torch.round(torch.atan2(dy, dx) * (4 / torch.pi)).long() % 8
    shape = magnitude.shape
    around = torch.stack([_neighbour(magnitude, step) for step in STEPS])
    largest = magnitude > 0
    for way in (direction, (direction + 4) % 8):
        beside = around.gather(0, way[None]).reshape(shape)
        right_or_below = (way == 0) | (way == 2)
        largest &= (magnitude > beside) | right_or_below & (magnitude == beside)
    thin = torch.where(largest, magnitude, 0.0)
    edges = thin > high
    edges |= joined_to(edges, thin > low)
    return edges.float().movedim(1, -1).expand(-1, -1, -1, 3).contiguous()


def joined_to(edges: Tensor, candidates: Tensor) -> Tensor:
    """Candidates `[B, 1, H, W]` that a chain of neighbours, corners included, joins to an edge."""
    from scipy import ndimage

    neighbours = np.zeros((3, 3, 3, 3), dtype=bool)
    neighbours[1, 1] = True
    labels, count = ndimage.label(candidates.cpu().numpy(), neighbours)
    kept = np.zeros(count + 1, dtype=bool)
    kept[labels[edges.cpu().numpy()]] = True
    kept[0] = False
    return torch.from_numpy(kept[labels]).to(edges.device)
