"""Mixing two pictures channel by channel (W3C Compositing and Blending Level 1, section 9)."""

from typing import Literal

import torch
from torch import Tensor

BlendMode = Literal["normal", "multiply", "screen", "overlay", "soft_light", "difference"]


def _soft_light(below: Tensor, above: Tensor) -> Tensor:
    curve = torch.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, below.sqrt())
    darker = below - (1 - 2 * above) * below * (1 - below)
    lighter = below + (2 * above - 1) * (curve - below)
    return torch.where(above <= 0.5, darker, lighter)


def _overlay(below: Tensor, above: Tensor) -> Tensor:
    return torch.where(below <= 0.5, 2 * below * above, 1 - 2 * (1 - below) * (1 - above))


def blend(below: Tensor, above: Tensor, part: float, mode: BlendMode) -> Tensor:
    """`part` of the blended picture over the lower one, clamped to 0..1.

    Both of one shape. "difference" is below minus above, so what is brighter above gives black.
    """
    match mode:
        case "normal":
            mixed = above
        case "multiply":
            mixed = below * above
        case "screen":
            mixed = 1 - (1 - below) * (1 - above)
        case "overlay":
            mixed = _overlay(below, above)
        case "soft_light":
            mixed = _soft_light(below, above)
        case "difference":
            mixed = below - above
    return (below * (1 - part) + mixed * part).clamp(0, 1)
