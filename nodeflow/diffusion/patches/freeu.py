"""FreeU (arXiv 2309.11497): a stronger backbone, and skips with weaker low frequencies."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.diffusion.recipe import Patch
from nodeflow.diffusion.unet.interventions import Place, SkipFilter

THRESHOLD = 1
"""Frequencies from minus this up to below it count as low."""


@dataclass(frozen=True, slots=True)
class FreeU(Patch):
    """Factors where the backbone is 4 times (b1, s1) and 2 times (b2, s2) the base width.

    b1, b2: of the first half of the backbone's channels. s1, s2: of the skip's low frequencies.
    structure: b follows the normalised mean of the channels (the paper's second version).
    """

    b1: float
    b2: float
    s1: float
    s2: float
    structure: bool = False


def skip_filter_of(patches: Sequence[Patch], base_width: int) -> SkipFilter | None:
    """The filter of all such patches, one after the other; None without one."""
    found = [p for p in patches if isinstance(p, FreeU)]
    if not found:
        return None

    def filtered(place: Place, h: Tensor, skip: Tensor) -> tuple[Tensor, Tensor]:
        factors = {4 * base_width: 0, 2 * base_width: 1}
        which = factors.get(h.shape[1])
        if which is None:
            return h, skip
        for patch in found:
            h = strengthened(h, (patch.b1, patch.b2)[which], patch.structure)
            skip = without_low(skip, (patch.s1, patch.s2)[which])
        return h, skip

    return filtered


def strengthened(h: Tensor, factor: float, structure: bool) -> Tensor:
    """`h` with the first half of its channels multiplied, everywhere or by its own structure."""
    if factor == 1.0:
        return h
    scale: Tensor | float = factor
    if structure:
        mean = h.mean(1, keepdim=True)
        low, high = mean.amin((2, 3), keepdim=True), mean.amax((2, 3), keepdim=True)
        spread = (high - low).clamp_min(torch.finfo(h.dtype).tiny)
        scale = (factor - 1) * ((mean - low) / spread) + 1
    half = h.shape[1] // 2
    return torch.cat([h[:, :half] * scale, h[:, half:]], dim=1)


def without_low(skip: Tensor, factor: float) -> Tensor:
    """`skip` with its low spatial frequencies multiplied; computed in float32 at least."""
    if factor == 1.0:
        return skip
    wide = skip if skip.dtype == torch.float64 else skip.float()
    spectrum = torch.fft.fftshift(torch.fft.fftn(wide, dim=(-2, -1)), dim=(-2, -1))
    row, column = skip.shape[-2] // 2, skip.shape[-1] // 2
    mask = torch.ones(skip.shape[-2:], device=skip.device, dtype=wide.dtype)
    rows = slice(max(row - THRESHOLD, 0), row + THRESHOLD)
    mask[rows, max(column - THRESHOLD, 0) : column + THRESHOLD] = factor
    spectrum = torch.fft.ifftshift(spectrum * mask, dim=(-2, -1))
    filtered: Tensor = torch.fft.ifftn(spectrum, dim=(-2, -1)).real
    return filtered.to(skip.dtype)
