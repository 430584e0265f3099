"""The sizes of a text encoder."""

from dataclasses import dataclass
from typing import Literal

Activation = Literal["quick_gelu", "gelu"]


@dataclass(frozen=True, slots=True)
class TextConfig:
    """Sizes of a `ClipTextTransformer`; the defaults are CLIP ViT-L/14's (SD1).

    `heads` and `activation` are not visible in the weights' shapes. `projection`: width of
    the pooled output's projection, or None. `trimmed`: layers that the file lacks at the end.
    """

    vocabulary: int = 49408
    positions: int = 77
    width: int = 768
    layers: int = 12
    heads: int = 12
    inner: int = 3072
    activation: Activation = "quick_gelu"
    projection: int | None = None
    trimmed: int = 0
