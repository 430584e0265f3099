"""The CONDITIONING value: text embeddings, each with where and when it applies."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in latent cells (pixels // 8)."""

    height: int
    width: int
    y: int
    x: int


@dataclass(frozen=True, slots=True)
class AreaFraction:
    """A rectangle in fractions of the latent's height and width, each in 0..1."""

    height: float
    width: float
    y: float
    x: float


@dataclass(frozen=True, eq=False)
class ConditioningEntry:
    """One embedding and its settings.

    embedding: float32 `[1, tokens, width]`, or a row for each image.
    pooled: float32 `[rows, width]` or None.
    mask: float32 `[batch or 1, height, width]`, any size, resized to the latent bilinearly.
    start_percent, end_percent: the part of sampling in which the entry is active, 0..1.
    steps: ranges [from, until) of the sampler's steps in which it is active; None is all.
    guidance: factor of cfg where the entry stands on the positive side.
    """

    embedding: "torch.Tensor"
    pooled: "torch.Tensor | None" = None
    area: Area | AreaFraction | None = None
    strength: float = 1.0
    mask: "torch.Tensor | None" = None
    mask_strength: float = 1.0
    mask_bounds: bool = False
    start_percent: float = 0.0
    end_percent: float = 1.0
    steps: tuple[tuple[int, int], ...] | None = None
    guidance: float = 1.0


Conditioning: TypeAlias = tuple[ConditioningEntry, ...]
