"""A plugin with a face in the editor: a tone curve to draw, and a histogram to see."""

import json
from typing import TYPE_CHECKING, Annotated

from nodeflow.node import Artifacts, PortType, node
from nodeflow.values import Image

if TYPE_CHECKING:
    from torch import Tensor

Curve = Annotated["list[list[float]]", PortType("CURVE", "#E0A458", widget="curve.js")]
"""Points `[x, y]` in 0..1, by x."""
Levels = Annotated["list[list[int]]", PortType("LEVELS", "#7BAFA5", preview="histogram.js")]
"""How many pixels have a level, for red, green and blue."""
COUNT = 64


def sorted_points(curve: list[list[float]]) -> list[list[float]]:
    """The points by x. Raises ValueError where they are none."""
    points = sorted([float(x), float(y)] for x, y in curve)
    if len(points) < 2:
        raise ValueError("a curve has two points or more, each [x, y] in 0..1")
    return points


@node("ToneCurve", category="image/adjust")
def tone_curve(image: Image, curve: Curve = [[0, 0], [1, 1]]) -> Image:  # noqa: B006
    """Give every level of a picture another one.

    Args:
        image: the picture.
        curve: points, joined by straight lines; outside of them the curve is level.
    """
    import numpy as np
    import torch

    xs, ys = zip(*sorted_points(curve), strict=True)
    levels = np.interp(image.cpu().numpy(), xs, ys).clip(0, 1)
    return torch.from_numpy(levels).to(image)


@node("CountLevels", category="image/analysis")
def count_levels(image: Image) -> Levels:
    """Count the pixels of each level."""
    return [channel(image[..., index]) for index in range(3)]


def channel(levels: "Tensor") -> list[int]:
    """Pixels in each of the levels."""
    return [int(count) for count in levels.float().histc(COUNT, 0, 1)]


@node("ShowLevels", category="image/analysis", output=True)
def show_levels(levels: Levels) -> Artifacts:
    """Show how many pixels have which level."""
    return Artifacts(text=(json.dumps(levels),))
