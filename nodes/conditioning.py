"""Conditioning: joined, mixed, confined to areas, masks and times."""

from dataclasses import replace
from typing import Annotated, Literal

from nodeflow.node import Range, node
from nodeflow.values import Conditioning, Mask, foreseen

Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
Fraction = Annotated[float, Range(0.0, 1.0, step=0.01)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]
Side = Annotated[int, Range(64, 16384, step=8)]
Offset = Annotated[int, Range(0, 16384, step=8)]
FIRST = foreseen.passed(("CONDITIONING", "conditioning_to"))
SAME = foreseen.passed(("CONDITIONING", "conditioning"))


@node(
    "ConditioningCombine",
    category="conditioning",
    display_name="Conditioning (Combine)",
    infer=foreseen.combined,
)
def conditioning_combine(
    conditioning_1: Conditioning, conditioning_2: Conditioning
) -> Conditioning:
    """Both: each is evaluated and the results are averaged.

    Args:
        conditioning_1: one.
        conditioning_2: the other.
    """
    return (*conditioning_1, *conditioning_2)


@node(
    "ConditioningConcat",
    category="conditioning",
    display_name="Conditioning (Concat)",
    infer=FIRST,
)
def conditioning_concat(
    conditioning_to: Conditioning, conditioning_from: Conditioning
) -> Conditioning:
    """One after the other, as a longer prompt.

    Args:
        conditioning_to: each of its entries is made longer.
        conditioning_from: its first entry is appended.
    """
    import torch

    if not conditioning_from:
        return conditioning_to
    added = conditioning_from[0].embedding
    return tuple(
        replace(entry, embedding=torch.cat([entry.embedding, added], dim=1))
        for entry in conditioning_to
    )


@node(
    "ConditioningAverage",
    category="conditioning",
    display_name="Conditioning (Average)",
    infer=FIRST,
)
def conditioning_average(
    conditioning_to: Conditioning,
    conditioning_from: Conditioning,
    conditioning_to_strength: Fraction = 1.0,
) -> Conditioning:
    """A mixture of two prompts.

    Args:
        conditioning_to: each of its entries is mixed.
        conditioning_from: its first entry is mixed in, cut or padded with zeros.
        conditioning_to_strength: share of the first: 1 is all of it.
    """
    from nodeflow.diffusion.guidance.mix import averaged

    return averaged(conditioning_to, conditioning_from, conditioning_to_strength)


@node(
    "ConditioningSetArea",
    category="conditioning",
    display_name="Conditioning (Set Area)",
    infer=SAME,
)
def conditioning_set_area(
    conditioning: Conditioning,
    width: Side = 64,
    height: Side = 64,
    x: Offset = 0,
    y: Offset = 0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Only in a rectangle of the picture.

    Args:
        conditioning: what to confine.
        width: in pixels.
        height: in pixels.
        x: left edge in pixels.
        y: upper edge in pixels.
        strength: weight where several overlap.
    """
    from nodeflow.diffusion.conditioning import Area

    area = Area(height // 8, width // 8, y // 8, x // 8)
    return tuple(replace(entry, area=area, strength=strength) for entry in conditioning)


@node(
    "ConditioningSetAreaPercentage",
    category="conditioning",
    display_name="Conditioning (Set Area with Percentage)",
    infer=SAME,
)
def conditioning_set_area_percentage(
    conditioning: Conditioning,
    width: Fraction = 1.0,
    height: Fraction = 1.0,
    x: Fraction = 0.0,
    y: Fraction = 0.0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Only in a rectangle given by parts of the picture's sides.

    Args:
        conditioning: what to confine.
        width: part of the width.
        height: part of the height.
        x: left edge as part of the width.
        y: upper edge as part of the height.
        strength: weight where several overlap.
    """
    from nodeflow.diffusion.conditioning import AreaFraction

    area = AreaFraction(height, width, y, x)
    return tuple(replace(entry, area=area, strength=strength) for entry in conditioning)


@node(
    "ConditioningSetAreaStrength",
    category="conditioning",
    infer=SAME,
)
def conditioning_set_area_strength(
    conditioning: Conditioning, strength: Strength = 1.0
) -> Conditioning:
    """Another weight where several overlap.

    Args:
        conditioning: what to weigh.
        strength: the weight.
    """
    return tuple(replace(entry, strength=strength) for entry in conditioning)


@node(
    "ConditioningSetMask",
    category="conditioning",
    display_name="Conditioning (Set Mask)",
    infer=SAME,
)
def conditioning_set_mask(
    conditioning: Conditioning,
    mask: Mask,
    strength: Strength = 1.0,
    set_cond_area: Literal["default", "mask bounds"] = "default",
) -> Conditioning:
    """Only where a mask is.

    Args:
        conditioning: what to confine.
        mask: weight per pixel, resized to the picture.
        strength: factor of the mask.
        set_cond_area: mask bounds evaluates only the mask's bounding box.
    """
    shaped = mask if mask.dim() == 3 else mask[None]
    return tuple(
        replace(
            entry,
            mask=shaped,
            mask_strength=strength,
            mask_bounds=set_cond_area == "mask bounds",
        )
        for entry in conditioning
    )


@node(
    "ConditioningSetTimestepRange",
    category="conditioning",
    infer=SAME,
)
def conditioning_set_timestep_range(
    conditioning: Conditioning, start: Percent = 0.0, end: Percent = 1.0
) -> Conditioning:
    """Only during a part of the sampling.

    Args:
        conditioning: what to confine.
        start: 0 is the beginning.
        end: 1 is the end.
    """
    return tuple(replace(entry, start_percent=start, end_percent=end) for entry in conditioning)


@node(
    "ConditioningZeroOut",
    category="conditioning",
    infer=SAME,
)
def conditioning_zero_out(conditioning: Conditioning) -> Conditioning:
    """Zeros in place of the embeddings: no prompt at all, which differs from an empty one.

    Args:
        conditioning: gives the shape.
    """
    return tuple(
        replace(
            entry,
            embedding=entry.embedding * 0,
            pooled=None if entry.pooled is None else entry.pooled * 0,
        )
        for entry in conditioning
    )
