"""Sizes of an IP-Adapter."""

from dataclasses import dataclass
from enum import StrEnum


class Projection(StrEnum):
    """How what an image encoder sees becomes tokens."""

    PLAIN = "one layer on the projected embedding"
    RESAMPLER = "a perceiver resampler on the patches"
    FULL = "two layers on every patch"


@dataclass(frozen=True, slots=True)
class ResamplerConfig:
    """width: of its queries; inner: of its attention, in heads of 64; hidden: of its MLP."""

    width: int = 768
    inner: int = 768
    hidden: int = 3072
    depth: int = 4
    queries: int = 16


@dataclass(frozen=True, slots=True)
class IPAdapterConfig:
    """The defaults are `ip-adapter_sd15`'s.

    seen: width of what it takes of the image encoder: the projected embedding for the plain kind,
    the penultimate layer's states for the others. tokens: made of a picture's embedding (plain).
    context: width of the tokens, as of the text's. layers: width of each attention over text, the
    way down, the way up, the middle.
    """

    projection: Projection = Projection.PLAIN
    seen: int = 1024
    tokens: int = 4
    context: int = 768
    layers: tuple[int, ...] = (
        320, 320, 640, 640, 1280, 1280, 1280, 1280, 1280, 640, 640, 640, 320, 320, 320, 1280,
    )  # fmt: skip
    resampler: ResamplerConfig | None = None
