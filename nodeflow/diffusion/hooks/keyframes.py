"""Courses of strength, keyframe by keyframe."""

import math
from enum import StrEnum

from nodeflow.diffusion.hooks.hook import Keyframe, Keyframes


class Interpolation(StrEnum):
    """How values go from the first to the last, by the part u of the way: u, u², 1 - (1 - u)²,
    (1 - cos(pi u)) / 2."""

    LINEAR = "linear"
    EASE_IN = "ease_in"
    EASE_OUT = "ease_out"
    EASE_IN_OUT = "ease_in_out"

    def at(self, part: float) -> float:
        """How much of the way from the first value to the last, 0..1."""
        match self:
            case Interpolation.LINEAR:
                return part
            case Interpolation.EASE_IN:
                return part**2
            case Interpolation.EASE_OUT:
                return 1 - (1 - part) ** 2
            case Interpolation.EASE_IN_OUT:
                return (1 - math.cos(math.pi * part)) / 2


def with_keyframes(keyframes: Keyframes, *added: Keyframe) -> Keyframes:
    """In order of their starts; of equal ones the later added comes later."""
    return tuple(sorted((*keyframes, *added), key=lambda keyframe: keyframe.start_percent))


def interpolated(
    strengths: tuple[float, float], percents: tuple[float, float], how: Interpolation, count: int
) -> Keyframes:
    """`count` keyframes at equal distances, two at least.

    Only the first is sampled with in any case: with more keyframes than steps some are passed over.
    """
    places = [i / (count - 1) for i in range(count)]
    (first, last), (start, end) = strengths, percents
    return tuple(
        Keyframe(
            first + (last - first) * how.at(place),
            start + (end - start) * place,
            1 if place == 0 else 0,
        )
        for place in places
    )
