"""At which noise level which strength: against ComfyUI's convention, step by step."""

import math
from collections.abc import Sequence

import pytest

from nodeflow.diffusion.hooks.course import courses, weighed
from nodeflow.diffusion.hooks.hook import ClipHooks, Hook, Keyframe, combined
from nodeflow.diffusion.hooks.keyframes import Interpolation, interpolated, with_keyframes
from nodeflow.diffusion.hooks.texts import texts_of
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS

SD = stable_diffusion()
FILE = WeightsFile("/lora", "print")


def sigmas_of(steps: int, start: int = 0) -> list[float]:
    """The noise levels of the last steps of a sampling."""
    return [*SCHEDULERS["karras"](SD, steps).tolist()[start:]]


def strengths(keyframes: Sequence[Keyframe], sigmas: Sequence[float]) -> list[float]:
    """Of a hook of strength 2, at the first evaluation of each step."""
    found = courses((Hook(FILE, 2.0, 1.0, tuple(keyframes)),), SD, sigmas)
    at = [weighed(found, sigma) for sigma in sigmas[:-1]]
    return [each[0].strength if each else 0.0 for each in at]


@pytest.mark.parametrize("start", [0, 7])
def test_a_keyframe_follows_at_its_noise_level(start: int) -> None:
    sigmas = sigmas_of(20, start)
    made = strengths([Keyframe(1.0), Keyframe(0.5, 0.3), Keyframe(0.0, 0.6)], sigmas)
    wanted = [
        2.0 if s > SD.at_percent(0.3) else 1.0 if s > SD.at_percent(0.6) else 0.0
        for s in sigmas[:-1]
    ]
    assert made == wanted and len(set(made)) == 3 - (start > 0)
    assert strengths([], sigmas) == [2.0] * (20 - start)
    assert strengths([Keyframe(0.25, 0.9)], sigmas) == [0.5] * (20 - start)


def test_each_keyframe_has_its_step() -> None:
    many = [Keyframe(i / 10, i / 1000) for i in range(4)]
    assert strengths(many, sigmas_of(6)) == [0.0, 0.2, 0.4, 0.6, 0.6, 0.6]
    # What starts before the first noise level was sampled with by others, or not at all.
    assert strengths(many, sigmas_of(6, 3)) == [0.6] * 3
    fast = interpolated((0.0, 0.3), (0.0, 0.003), Interpolation.LINEAR, 4)
    assert strengths(fast, sigmas_of(6)) == pytest.approx([0.0, 0.6, 0.6, 0.6, 0.6, 0.6])


def test_within_a_step_the_noise_level_counts() -> None:
    switch = SD.at_percent(0.5)
    sigmas = [14.0, switch * 2, switch / 2, 0.0]
    found = courses((Hook(FILE, 1.0, 1.0, (Keyframe(1.0), Keyframe(3.0, 0.5))),), SD, sigmas)
    levels = [switch * 1.9, switch * 1.01, switch, switch * 0.6, 1e-5]
    assert [weighed(found, s)[0].strength for s in levels] == [1.0, 1.0, 3.0, 3.0, 3.0]


def test_a_hook_that_never_acts_is_left_out() -> None:
    still = Hook(FILE, 1.0, 1.0, (Keyframe(0.0), Keyframe(0.0, 0.5)))
    assert courses((still, Hook(FILE, 0.0, 1.0)), SD, sigmas_of(4)) == ()


def test_keyframes_in_order_and_ways_between() -> None:
    late, early = Keyframe(1.0, 0.5), Keyframe(0.0, 0.2)
    assert with_keyframes((late,), early, Keyframe(3.0, 0.5)) == (early, late, Keyframe(3.0, 0.5))
    ways = {
        Interpolation.LINEAR: 0.25, Interpolation.EASE_IN: 0.0625, Interpolation.EASE_OUT: 0.4375,
        Interpolation.EASE_IN_OUT: (1 - math.cos(math.pi / 4)) / 2,
    }  # fmt: skip
    for how, part in ways.items():
        made = interpolated((1.0, 3.0), (0.2, 0.6), how, 5)
        assert [k.start_percent for k in made] == pytest.approx([0.2, 0.3, 0.4, 0.5, 0.6])
        assert made[1].strength == pytest.approx(1 + 2 * part)
        assert (made[0].strength, made[-1].strength) == pytest.approx((1.0, 3.0))
        assert [k.steps for k in made] == [1, 0, 0, 0, 0]


def test_a_hook_that_comes_twice_counts_once() -> None:
    one, two = Hook(FILE, 1.0, 1.0), Hook(FILE, 0.5, 1.0)
    keyed = Hook(FILE, 1.0, 1.0, (Keyframe(0.5),))
    assert combined((one,), (two, keyed)) == (one, two)
    assert combined((keyed,), (one,)) == (keyed,)


def test_texts_for_each_part() -> None:
    keyed = Hook(FILE, 1.0, 0.5, (Keyframe(1.0, 0.2), Keyframe(1.0, 0.3), Keyframe(0.0, 0.6)))
    plain = Hook(WeightsFile("/other", "other"), 1.0, 2.0)
    scheduled = list(texts_of(ClipHooks((keyed, plain), (), scheduled=True)))
    assert [part for part, _ in scheduled] == [(0.0, 0.2), (0.2, 0.6), (0.6, 1.0)]
    assert [[w.strength for w in found] for _, found in scheduled] == [[0.5, 2.0]] * 2 + [[2.0]]
    (whole,) = texts_of(ClipHooks((keyed, plain), (), scheduled=False))
    assert whole[0] == (0.0, 1.0) and [w.strength for w in whole[1]] == [0.5, 2.0]


def test_text_encoders_are_changed_by_the_keyframes_share_of_the_strength() -> None:
    keyframes = (Keyframe(1.0), Keyframe(0.5, 0.4), Keyframe(0.0, 0.7))
    hook = Hook(FILE, 2.0, 0.8, keyframes)
    found = [
        (part, [each.strength for each in changes])
        for part, changes in texts_of(ClipHooks((hook,), (), scheduled=True))
    ]
    assert found == [((0.0, 0.4), [0.8]), ((0.4, 0.7), [0.4]), ((0.7, 1.0), [])]
    ((part, whole),) = texts_of(ClipHooks((hook,), (), scheduled=False))
    assert part == (0.0, 1.0) and [each.strength for each in whole] == [0.8]
