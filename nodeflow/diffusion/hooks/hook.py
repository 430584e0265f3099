"""HOOKS: changes to weights that a prompt carries with it, each with a course of its strength.

A hook acts where its prompt is evaluated and nowhere else: in its region, on its side of guidance,
in its part of the sampling.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

from nodeflow.diffusion.recipe import ClipRecipe, ModelRecipe, WeightsFile


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A factor of a hook's strengths, from a part of the sampling on until the next keyframe.

    start_percent: 0 is the beginning, 1 the end. steps: noise levels that are sampled with it
    before the next one may follow; counts only where it starts within what is sampled.
    """

    strength: float
    start_percent: float = 0.0
    steps: int = 1


Keyframes: TypeAlias = tuple[Keyframe, ...]
"""In order of their starts. The first acts from the beginning of sampling whatever its start."""


@dataclass(frozen=True, slots=True)
class WholeModel:
    """Another model; the change is its weights minus those of the model that is used."""

    model: ModelRecipe
    clip: ClipRecipe


@dataclass(frozen=True, slots=True)
class Hook:
    """A LoRA file (or a relative of one) or a whole model, and how strongly it changes weights."""

    change: WeightsFile | WholeModel
    strength_model: float
    strength_clip: float
    keyframes: Keyframes = ()


Hooks: TypeAlias = tuple[Hook, ...]


@dataclass(frozen=True, slots=True)
class ClipHooks:
    """What hooks do to a text encoder.

    hooks: change its weights. on_prompts: given to the prompts that it encodes. scheduled: texts
    are encoded anew for each keyframe; otherwise keyframes do not count.
    """

    hooks: Hooks
    on_prompts: Hooks
    scheduled: bool


def combined(*groups: Hooks) -> Hooks:
    """All hooks in order.

    Hooks of equal change and strengths count once, with the keyframes they had first: the same hook
    often comes by two ways, with the text encoder and with the prompt's own.
    """
    found: dict[Hook, Hook] = {}
    for hook in (hook for group in groups for hook in group):
        found.setdefault(replace(hook, keyframes=()), hook)
    return tuple(found.values())
