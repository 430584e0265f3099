"""Two batches of pictures side by side."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.resize import resize
from nodeflow.imaging.paste import repeat_to, with_channels

Direction = Literal["right", "down", "left", "up"]
COLOURS = {
    "white": (1.0, 1.0, 1.0), "black": (0.0, 0.0, 0.0), "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0), "blue": (0.0, 0.0, 1.0),
}  # fmt: skip


def _centred(image: Tensor, side: int, size: int) -> Tensor:
    """Padded with black along one side to `size`."""
    missing = size - image.shape[side]
    before = missing // 2
    pads = [0, 0, 0, 0, 0, 0]
    pads[2 * (3 - side)], pads[2 * (3 - side) + 1] = before, missing - before
    return F.pad(image, pads)


def stitch(
    first: Tensor, second: Tensor, direction: Direction, match: bool, space: int, colour: str
) -> Tensor:
    """IMAGE `[B, H, W, C]`; batches are repeated to the longer one, channels filled with 1."""
    count = max(len(first), len(second))
    channels = max(first.shape[-1], second.shape[-1])
    first, second = (with_channels(repeat_to(x, count), channels) for x in (first, second))
    along, across = (2, 1) if direction in ("left", "right") else (1, 2)
    if match and first.shape[across] != second.shape[across]:
        scale = first.shape[across] / second.shape[across]
        rows, columns = (max(1, round(n * scale)) for n in second.shape[1:3])
        if across == 1:
            rows = first.shape[1]
        else:
            columns = first.shape[2]
        second = resize(second.movedim(-1, 1), columns, rows, "lanczos").movedim(1, -1)
    size = max(first.shape[across], second.shape[across])
    parts = [_centred(x, across, size) for x in (first, second)]
    if direction in ("left", "up"):
        parts.reverse()
    if space:
        shape = list(parts[0].shape)
        shape[along] = space
        tone = torch.tensor([*COLOURS[colour], 1.0][:channels]).to(first)
        parts.insert(1, tone.expand(shape))
    return torch.cat(parts, along)
