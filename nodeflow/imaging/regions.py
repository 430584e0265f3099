"""Working on a part of a picture: the box around a mask, and laying the part back."""

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.blur import separable_gaussian
from nodeflow.diffusion.resize import resize
from nodeflow.imaging.paste import paste


def box(mask: Tensor, padding: int, multiple: int) -> tuple[int, int, int, int]:
    """(x, y, width, height) around all that a mask `[B, H, W]` marks, inside the picture.

    Padded on each side, its sides rounded up to `multiple` where the picture is large enough.
    An empty mask gives the whole picture.
    """
    rows, columns = mask.shape[-2:]
    marked = (mask > 0.5).reshape(-1, rows, columns).any(0)
    if not bool(marked.any()):
        return 0, 0, columns, rows

    def span(line: Tensor, size: int) -> tuple[int, int]:
        places = line.nonzero()
        first, last = int(places[0]) - padding, int(places[-1]) + 1 + padding
        length = min(-(-(last - first) // multiple) * multiple, size)
        middle = (first + last) // 2
        start = max(0, min(middle - length // 2, size - length))
        return start, length

    x, width = span(marked.any(0), columns)
    y, height = span(marked.any(1), rows)
    return x, y, width, height


def lay_back(
    picture: Tensor, part: Tensor, mask: Tensor, place: tuple[int, int, int, int], feather: int
) -> Tensor:
    """IMAGE with `part` resized into the box and shown where the mask `[1 or B, H, W]` is.

    The mask's edge is blurred over about `feather` pixels, so that no seam is seen. What of the box
    lies outside the picture is cut off.
    """
    x, y, width, height = place
    planes = mask.reshape(-1, 1, *mask.shape[-2:]).float()
    if feather:
        planes = F.max_pool2d(planes, 2 * (feather // 2) + 1, 1, feather // 2)
        planes = separable_gaussian(planes, 2 * feather + 1, feather / 2)
    weight = planes[..., y : y + height, x : x + width]
    beyond = [0, width - weight.shape[-1], 0, height - weight.shape[-2]]
    weight = F.pad(weight, beyond)
    fitted = resize(part.movedim(-1, 1), width, height, "bicubic").clamp(0, 1)
    return paste(picture.movedim(-1, 1), fitted, x, y, weight).movedim(1, -1)


def crop(x: Tensor, place: tuple[int, int, int, int]) -> Tensor:
    """The box out of an IMAGE `[B, H, W, C]` or a MASK `[B, H, W]`."""
    left, top, width, height = place
    return x[:, top : top + height, left : left + width].clone()


def union(masks: Tensor) -> Tensor:
    """All masks of a batch as one, `[1, H, W]`."""
    return torch.amax(masks, 0, keepdim=True)
