"""Hooks through the nodes that make them and give them to prompts."""

import logging

import pytest
import torch

from nodeflow.diffusion.hooks.hook import Hook, Keyframe
from nodeflow.diffusion.latent import Latent
from nodeflow.node.context import RunContext
from nodeflow.node.port import Range
from nodeflow.values.digest import digest
from nodeflow.values.structured import decode, encode
from tests.nodes.test_behaviour import NODES, call

CONTEXT = RunContext()


def test_hooks_are_made_joined_and_timed() -> None:
    one = call("CreateHookLora", "tiny-flat", CONTEXT, 0.8, 0.5)
    assert [(h.strength_model, h.strength_clip) for h in one] == [(0.8, 0.5)]
    two = call("CreateHookModelAsLora", "tiny-emoji", CONTEXT, 0.3, prev_hooks=one)
    assert two[0] == one[0] and len(two) == 2
    assert call("CreateHookLora", "tiny-flat", CONTEXT, 0.0, 0.0, one) == one
    assert call("CreateHookLora", "tiny-flat", CONTEXT, 0.0, 0.0) == ()
    alone = call("CreateHookLoraModelOnly", "tiny-flat", CONTEXT, 0.8)
    assert alone[0].strength_clip == 0
    whole = call("CreateHookModelAsLoraModelOnly", "tiny-emoji", CONTEXT, 0.3)
    assert (whole[0].strength_model, whole[0].strength_clip) == (0.3, 0)
    assert call("CombineHooks2", one, two) == two and call("CombineHooks2") == ()
    keyframes = call("CreateHookKeyframe", 0.5, 0.6)
    keyframes = call("CreateHookKeyframe", 1.5, 0.0, keyframes)
    assert keyframes == (Keyframe(1.5, 0.0), Keyframe(0.5, 0.6))
    timed = call("SetHookKeyframes", two, keyframes)
    assert [h.keyframes for h in timed] == [keyframes] * 2
    assert call("SetHookKeyframes", timed) == timed
    for value in (timed, keyframes):
        assert decode(encode(value)) == value and digest(decode(encode(value))) == digest(value)
    limits = NODES["CreateHookLora"].input("strength_model")
    assert limits is not None and limits.constraint(Range) == Range(-20.0, 20.0, step=0.01)


def test_keyframes_can_be_read_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        ease = "ease_out"
        made = call("CreateHookKeyframesInterpolated", 0.0, 1.0, ease, 0.2, 0.6, 3, True)
    assert [k.strength for k in made] == pytest.approx([0.0, 0.75, 1.0])
    assert [k.start_percent for k in made] == pytest.approx([0.2, 0.4, 0.6])
    assert "from 0.400 on: strength x 0.7500" in caplog.text


def test_prompts_with_all_properties_at_once() -> None:
    _, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", CONTEXT)
    hooks = call("CreateHookLora", "tiny-flat", CONTEXT, 0.8)
    more = call("CreateHookLora", "tiny-flat", CONTEXT, 0.3)
    positive, negative = (call("CLIPTextEncode", t, clip, CONTEXT) for t in ("a cat", ""))
    span = call("ConditioningTimestepsRange", 0.1, 0.7)
    mask = torch.ones(8, 8)
    given = 0.5, "mask bounds", mask, hooks, span
    pair = call("PairConditioningSetProperties", positive, negative, *given)
    for (entry,) in pair:
        assert entry.mask.shape == (1, 8, 8) and entry.mask_strength == 0.5 and entry.mask_bounds
        assert (entry.start_percent, entry.end_percent) == (0.1, 0.7) and entry.hooks == hooks
    both = call("PairConditioningSetPropertiesAndCombine", positive, negative, *pair, hooks=more)
    assert both.positive[0] is positive[0] and both.positive[1].hooks == (*hooks, *more)
    (single,) = call("ConditioningSetProperties", positive, *given)
    assert single.hooks == hooks and single.mask_bounds
    old, new = call("ConditioningSetPropertiesAndCombine", positive, positive, *given)
    assert old is positive[0] and new.hooks == hooks
    joined = call("PairConditioningCombine", positive, negative, *pair)
    assert joined.positive == (*positive, *pair.positive) and len(joined.negative) == 2
    untouched = call("PairConditioningSetProperties", positive, negative, 0.5)
    assert untouched.positive == positive


def test_many_hooks_and_keyframes_of_a_list() -> None:
    one, two, three = (call("CreateHookLora", "tiny-flat", CONTEXT, s) for s in (0.2, 0.4, 0.6))
    four = call("CombineHooks4", one, None, two, three)
    assert four == (*one, *two, *three) == call("CombineHooks4", four, one)
    assert call("CombineHooks8", one, eighth=four) == four and call("CombineHooks8") == ()
    made = call("CreateHookKeyframesFromFloats", (0.5, 1.0, 0.0), 0.2, 0.6)
    assert [k.strength for k in made] == [0.5, 1.0, 0.0]
    assert [k.start_percent for k in made] == pytest.approx([0.2, 0.4, 0.6])
    assert [k.steps for k in made] == [1, 0, 0]
    assert call("CreateHookKeyframesFromFloats", 0.7, 0.3) == (Keyframe(0.7, 0.3, 1),)


def test_a_default_prompt_has_what_others_leave() -> None:
    model, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", CONTEXT)
    apple, cat, none = (
        call("CLIPTextEncode", t, clip, CONTEXT) for t in ("a red apple", "a cat", "")
    )
    left = torch.zeros(1, 8, 8)
    left[..., :3] = 0.75
    masked, rest = (call("ConditioningSetMask", c, m) for c, m in ((apple, left), (cat, 1 - left)))

    def sampled(positive: object, negative: object = none) -> torch.Tensor:
        latent = Latent(torch.zeros(1, 4, 8, 8))
        made: Latent = call("KSampler", model, positive, negative, latent, CONTEXT, 7, 3, 4.0)
        return made.samples

    found = call("ConditioningSetDefaultCombine", masked, cat)
    assert decode(encode(found))[1].default and encode(decode(encode(found))) == encode(found)
    assert torch.equal(sampled(found), sampled((*masked, *rest)))
    assert not torch.allclose(sampled(found), sampled((*masked, *cat)), atol=1e-3)
    assert torch.equal(sampled(call("ConditioningSetDefaultCombine", apple, cat)), sampled(apple))
    assert torch.equal(sampled(call("ConditioningSetDefaultCombine", (), cat)), sampled(cat))
    hooks = call("CreateHookLora", "tiny-flat", CONTEXT, 0.8)
    pair = call("PairConditioningSetDefaultCombine", masked, none, cat, none, hooks)
    assert [e.hooks for e in pair.positive] == [(), hooks] and pair.negative[1].default
    hooked = call("ConditioningSetProperties", rest, hooks=hooks)
    assert torch.equal(sampled(*pair), sampled((*masked, *hooked)))


def test_a_picture_with_hooks_is_that_of_the_loader() -> None:
    model, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", CONTEXT)
    latent = Latent(torch.zeros(1, 4, 8, 8))
    lora = call("LoraLoaderModelOnly", model, "tiny-flat", CONTEXT, 0.8)
    sides = [call("CLIPTextEncode", t, clip, CONTEXT) for t in ("a red apple", "")]
    wanted = call("KSampler", lora, *sides, latent, CONTEXT, 7, 3, 4.0)
    hooks = call("CreateHookLora", "tiny-flat", CONTEXT, 0.8)
    carrying = call("SetClipHooks", clip, True, False, hooks)
    texts = [call("CLIPTextEncode", t, carrying, CONTEXT) for t in ("a red apple", "")]
    again = call("PairConditioningSetProperties", *texts, hooks=hooks)
    assert again.positive[0].hooks == hooks
    made = call("KSampler", model, *again, latent, CONTEXT, 7, 3, 4.0)
    assert torch.equal(made.samples, wanted.samples)
    assert call("SetClipHooks", clip) == clip
    quiet = call("SetClipHooks", carrying, False, True, (Hook(hooks[0].change, 0.5, 0.5),))
    assert quiet.hooks.on_prompts == hooks and quiet.hooks.scheduled
