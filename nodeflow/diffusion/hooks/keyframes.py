"""Courses of strength, keyframe by keyframe."""

import logging
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
    """`count` keyframes at equal distances, two at least."""
    first, last = strengths
    parts = (how.at(i / (count - 1)) for i in range(count))
    return of_strengths(tuple(first + (last - first) * part for part in parts), percents)


def of_strengths(strengths: tuple[float, ...], percents: tuple[float, float]) -> Keyframes:
    """A keyframe for each strength, from the first to the last of `percents` at equal distances.

    Only the first is sampled with in any case: with more keyframes than steps some are passed over.
    """
    start, end = percents
    last = max(len(strengths) - 1, 1)
    return tuple(
        Keyframe(strength, start + (end - start) * number / last, 1 if number == 0 else 0)
        for number, strength in enumerate(strengths)
    )


def log_keyframes(keyframes: Keyframes) -> None:
    """Write them to the log, for who wants to see them."""
    for keyframe in keyframes:
        text = "from %.3f on: strength x %.4f"
        logging.getLogger(__name__).info(text, keyframe.start_percent, keyframe.strength)
