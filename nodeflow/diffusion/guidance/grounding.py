"""Texts in boxes, made ready for rows of the network."""

from collections.abc import Iterable
from dataclasses import replace

from nodeflow.diffusion.conditioning import Area, Conditioning, Grounding
from nodeflow.diffusion.guidance.rows import Box, GroundingRows


def grounded_alike(
    positive: Conditioning, negative: Conditioning
) -> tuple[Conditioning, Conditioning]:
    """Where one entry has boxes, all others of both sides are told that they have none.

    The network was trained with boxes or with nothings in their place, never without either.
    """
    given = (e.grounding for e in (*positive, *negative) if e.grounding is not None)
    first = next(given, None)
    if first is None:
        return positive, negative
    nothing = Grounding(first.net)

    def told(side: Conditioning) -> Conditioning:
        return tuple(replace(entry, grounding=entry.grounding or nothing) for entry in side)

    return told(positive), told(negative)


def grounding_rows(grounding: Grounding, area: Area) -> GroundingRows:
    """Boxes as shares of a rectangle of the latent; those outside of it are left out."""
    found = [(share_of(box.area, area), box.text) for box in grounding.boxes]
    seen = [(box, text) for box, text in found if box[0] < box[2] and box[1] < box[3]]
    return GroundingRows(
        grounding.net.source, tuple(box for box, _ in seen), tuple(text for _, text in seen)
    )


def grounding_within(given: GroundingRows, area: Area, height: int, width: int) -> GroundingRows:
    """The same for a rectangle of rows of `height` by `width` cells."""
    found = []
    for (left, top, right, bottom), text in zip(given.boxes, given.texts, strict=True):
        x = shares((left * width, right * width), area.x, area.width)
        y = shares((top * height, bottom * height), area.y, area.height)
        if x[0] < x[1] and y[0] < y[1]:
            found.append(((x[0], y[0], x[1], y[1]), text))
    return replace(given, boxes=tuple(b for b, _ in found), texts=tuple(t for _, t in found))


def share_of(box: Area, area: Area) -> Box:
    """Left, top, right and bottom of a box in a rectangle, cut to it."""
    left, right = shares((box.x, box.x + box.width), area.x, area.width)
    top, bottom = shares((box.y, box.y + box.height), area.y, area.height)
    return left, top, right, bottom


def shares(ends: Iterable[float], start: int, length: int) -> list[float]:
    """Cells of a side as shares of a part of it, in 0..1."""
    return [min(max((end - start) / length, 0.0), 1.0) for end in ends]
