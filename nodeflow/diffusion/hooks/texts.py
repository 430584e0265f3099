"""Texts encoded by text encoders that hooks change."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from nodeflow.diffusion.conditioning import Conditioning
from nodeflow.diffusion.hooks.course import Weighed
from nodeflow.diffusion.hooks.hook import ClipHooks, Hook, combined
from nodeflow.diffusion.hooks.patches import patches_for
from nodeflow.diffusion.recipe import ClipRecipe
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.text.encoders import TextEncoders

Part = tuple[float, float]
"""Of the sampling, from and until."""
WHOLE: Part = (0.0, 1.0)


def encode_with(
    residency: Residency, clip: ClipRecipe, encode: Callable[[TextEncoders], Conditioning]
) -> Conditioning:
    """What `encode` makes of a text with the encoders of a recipe, its hooks applied.

    With scheduled hooks it is asked once for each part of the sampling in which their strengths
    are the same; each entry is then confined to its part.
    """
    if clip.hooks is None:
        return encode(residency.text_encoders(clip))
    entries = []
    for part, found in texts_of(clip.hooks):
        patches = (*clip.patches, *patches_for(found, clip))
        changed = replace(clip, patches=patches, hooks=None)
        for entry in encode(residency.text_encoders(changed)):
            hooks = combined(entry.hooks, clip.hooks.on_prompts)
            entries.append(replace(entry, hooks=hooks, within=part))
    return tuple(entries)


def texts_of(clip: ClipHooks) -> Iterator[tuple[Part, tuple[Weighed, ...]]]:
    """The parts of the sampling in order, and what changes the text encoders in each.

    Before the first keyframe a hook has its whole strength, as in ComfyUI; keyframes of the
    strength of the one before begin no part.
    """
    courses = [(hook, parts(hook) if clip.scheduled else [(WHOLE, 1.0)]) for hook in clip.hooks]
    borders = {0.0, 1.0, *(end for _, found in courses for part, _ in found for end in part)}
    for start, end in pairwise(sorted(borders)):
        strengths = (
            (hook, next((f for (a, b), f in found if a < end and b > start), 1.0))
            for hook, found in courses
        )
        yield (
            (start, end),
            tuple(
                Weighed(hook.change, hook.strength_clip * factor)
                for hook, factor in strengths
                if hook.strength_clip * factor
            ),
        )


def parts(hook: Hook) -> list[tuple[Part, float]]:
    """The parts of the sampling of a hook's keyframes, with their factors."""
    found: list[tuple[Part, float]] = []
    if not hook.keyframes:
        return [(WHOLE, 1.0)]
    before, *rest = hook.keyframes
    for keyframe in rest:
        if keyframe.start_percent == before.start_percent:
            before = keyframe
        elif not math.isclose(keyframe.strength, before.strength):
            found.append(((before.start_percent, keyframe.start_percent), before.strength))
            before = keyframe
    return [*found, ((before.start_percent, 1.0), before.strength)]
