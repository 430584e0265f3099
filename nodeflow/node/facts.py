"""What may be known of a value without computing it: sizes and families.

A fact that is not known is None. For plain values (numbers, text) the fact is the value itself.
New kinds of values add a frozen dataclass here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """An IMAGE: `[batch, height, width, 3]` float32."""

    batch: int | None = None
    height: int | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True)
class MaskFacts:
    """A MASK: `[batch, height, width]` float32."""

    batch: int | None = None
    height: int | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True)
class LatentFacts:
    """A LATENT: height and width in cells; whether it carries a noise mask."""

    batch: int | None = None
    channels: int | None = None
    height: int | None = None
    width: int | None = None
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Weights:
    """A part of a model file that is in memory where it is used, once for all who use it.

    count: of its numbers. full: float32 on every device.
    """

    part: str
    file: str
    count: int
    full: bool = False


@dataclass(frozen=True, slots=True)
class WeightsFacts:
    """A MODEL, CLIP or VAE: its family in words, widths that must agree.

    context_width: of the text embeddings that a model takes or a text encoder makes.
    channels: of the latents; in_channels: that a UNet takes (9 for inpainting models).
    attention: widths of a UNet's transformer blocks, in the order in which files number them.
    weights: all that using it takes; None is not known.
    """

    family: str | None = None
    context_width: int | None = None
    channels: int | None = None
    in_channels: int | None = None
    attention: tuple[int, ...] = ()
    weights: tuple[Weights, ...] | None = None


@dataclass(frozen=True, slots=True)
class ControlFacts:
    """A CONTROL_NET: its file, widths of the text that its models read, () is not known, and its
    weights."""

    file: str
    texts: tuple[int, ...] = ()
    weights: tuple[Weights, ...] | None = None


@dataclass(frozen=True, slots=True)
class ConditioningFacts:
    """A CONDITIONING: the family and the width of its embeddings.

    picture: whether it carries a picture for a model's further channels; None is not known.
    grounding: what its boxes' network is for: the width of text, and of each transformer block.
    controls: the networks that steer it. weights: of all that it brings to a model; None is not
    known.
    """

    family: str | None = None
    width: int | None = None
    picture: bool | None = False
    grounding: tuple[int, tuple[int, ...]] | None = None
    controls: tuple[ControlFacts, ...] = ()
    weights: tuple[Weights, ...] | None = ()


@dataclass(frozen=True, slots=True)
class HooksFacts:
    """HOOKS: each one's file, and the width of the text embeddings of the models that it is for."""

    files: tuple[tuple[str, int], ...] = ()


def element_count(*sizes: int | None) -> int | None:
    """The product, or None where a size is not known."""
    total = 1
    for size in sizes:
        if size is None:
            return None
        total *= size
    return total


def float_bytes(fact: object) -> int | None:
    """Bytes that a value of these facts takes in memory, or None where that is not known."""
    if isinstance(fact, ImageFacts):
        count = element_count(fact.batch, fact.height, fact.width, 3)
    elif isinstance(fact, MaskFacts):
        count = element_count(fact.batch, fact.height, fact.width)
    elif isinstance(fact, LatentFacts):
        count = element_count(fact.batch, fact.channels, fact.height, fact.width)
    else:
        return None
    return None if count is None else 4 * count
