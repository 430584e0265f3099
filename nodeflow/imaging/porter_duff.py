"""Porter and Duff's compositing ("Compositing Digital Images", 1984) and five mixes more."""

from typing import Literal

import torch
from torch import Tensor

Mode = Literal[
    "ADD", "CLEAR", "DARKEN", "DST", "DST_ATOP", "DST_IN", "DST_OUT", "DST_OVER", "LIGHTEN",
    "MULTIPLY", "OVERLAY", "SCREEN", "SRC", "SRC_ATOP", "SRC_IN", "SRC_OUT", "SRC_OVER", "XOR",
]  # fmt: skip


def composite(
    source: Tensor, source_mask: Tensor, target: Tensor, target_mask: Tensor, mode: Mode
) -> tuple[Tensor, Tensor]:
    """Straight colours `[..., 3]` composed; masks `[..., 1]` are 1 where a picture is transparent.

    Colours of the result are black where nothing covers it.
    """
    a, b = 1 - source_mask, 1 - target_mask
    colours, alpha = compose(source * a, a, target * b, b, mode)
    straight = torch.where(alpha > 1e-5, colours / alpha.clamp_min(1e-5), 0)
    return straight.clamp(0, 1), 1 - alpha


def compose(
    source: Tensor, source_alpha: Tensor, target: Tensor, target_alpha: Tensor, mode: Mode
) -> tuple[Tensor, Tensor]:
    """Colours and alpha of the composition, clamped to 0..1.

    Colours `[..., 3]` are premultiplied by alphas `[..., 1]`, as the paper has them.
    """
    s, d, a, b = source, target, source_alpha, target_alpha
    match mode:
        case "ADD":
            out, alpha = s + d, a + b
        case "CLEAR":
            out, alpha = torch.zeros_like(d), torch.zeros_like(b)
        case "DARKEN":
            out, alpha = (1 - b) * s + (1 - a) * d + torch.minimum(s, d), a + b - a * b
        case "DST":
            out, alpha = d, b
        case "DST_ATOP":
            out, alpha = a * d + (1 - b) * s, a
        case "DST_IN":
            out, alpha = d * a, a * b
        case "DST_OUT":
            out, alpha = (1 - a) * d, (1 - a) * b
        case "DST_OVER":
            out, alpha = d + (1 - b) * s, b + (1 - b) * a
        case "LIGHTEN":
            out, alpha = (1 - b) * s + (1 - a) * d + torch.maximum(s, d), a + b - a * b
        case "MULTIPLY":
            out, alpha = s * d, a * b
        case "OVERLAY":
            low = 2 * s * d
            high = a * b - 2 * (b - s) * (a - d)
            out, alpha = torch.where(2 * d < b, low, high), a + b - a * b
        case "SCREEN":
            out, alpha = s + d - s * d, a + b - a * b
        case "SRC":
            out, alpha = s, a
        case "SRC_ATOP":
            out, alpha = b * s + (1 - a) * d, b
        case "SRC_IN":
            out, alpha = s * b, a * b
        case "SRC_OUT":
            out, alpha = (1 - b) * s, (1 - b) * a
        case "SRC_OVER":
            out, alpha = s + (1 - a) * d, a + (1 - a) * b
        case "XOR":
            out, alpha = (1 - b) * s + (1 - a) * d, (1 - b) * a + (1 - a) * b
    return out.clamp(0, 1), alpha.clamp(0, 1)
