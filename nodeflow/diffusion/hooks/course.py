"""A hook's strength over the noise levels of one sampling."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nodeflow.diffusion.hooks.hook import Hook, Hooks, Keyframes, WholeModel
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule


@dataclass(frozen=True, slots=True)
class Weighed:
    """A hook's change at one strength."""

    change: WeightsFile | WholeModel
    strength: float


@dataclass(frozen=True, slots=True)
class Course:
    """A hook's change with its strengths: each from its noise level downwards until the next."""

    change: WeightsFile | WholeModel
    levels: tuple[tuple[float, float], ...]

    def at(self, sigma: float) -> float:
        """The strength at a noise level."""
        return next(strength for level, strength in reversed(self.levels) if level >= sigma)


def courses(
    hooks: Hooks, schedule: DiscreteSchedule, sigmas: Sequence[float]
) -> tuple[Course, ...]:
    """The courses of hooks in a sampling over `sigmas`, those that never act left out."""
    found = (_course(hook, schedule, sigmas) for hook in hooks)
    return tuple(course for course in found if any(strength for _, strength in course.levels))


def weighed(found: Sequence[Course], sigma: float) -> tuple[Weighed, ...]:
    """Those that act at a noise level."""
    strengths = ((course, course.at(sigma)) for course in found)
    return tuple(Weighed(course.change, strength) for course, strength in strengths if strength)


def _course(hook: Hook, schedule: DiscreteSchedule, sigmas: Sequence[float]) -> Course:
    if not hook.keyframes:
        return Course(hook.change, ((math.inf, hook.strength_model),))
    switches = _switches(hook.keyframes, schedule, sigmas)
    levels = ((at, hook.strength_model * hook.keyframes[i].strength) for at, i in switches)
    return Course(hook.change, tuple(levels))


def _switches(
    keyframes: Keyframes, schedule: DiscreteSchedule, sigmas: Sequence[float]
) -> list[tuple[float, int]]:
    """(noise level, keyframe from there on), in order.

    A keyframe follows at its own noise level, or later where the one before has not been sampled
    with often enough; that is counted over the steps' first evaluations. Without `sigmas` each
    follows at its own.
    """
    starts = [schedule.at_percent(keyframe.start_percent) for keyframe in keyframes]
    if not sigmas:
        return [(math.inf, 0), *((at, i) for i, at in enumerate(starts) if i)]
    first = max(sigmas, default=math.inf)
    kept = [0 if at > first else k.steps for at, k in zip(starts, keyframes, strict=True)]
    switches, current, used, before = [(math.inf, 0)], 0, 0, math.inf
    for sigma in sigmas[:-1]:
        was = current
        while used >= kept[current] and current + 1 < len(starts) and starts[current + 1] >= sigma:
            current, used = current + 1, 0
        if current != was:
            due = starts[current] < before or math.isinf(before)
            switches.append((starts[current] if due else sigma, current))
        used, before = used + 1, sigma
    return switches
