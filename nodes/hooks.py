"""Hooks: LoRAs and models whose strength follows the sampling, for the prompts that carry them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Literal

from nodeflow.node import Folders, InputProblem, ModelFile, Name, Range, RunContext, node
from nodeflow.values import Clip, HookKeyframes, Hooks, foreseen

Strength = Annotated[float, Range(-20.0, 20.0, step=0.01)]
Factor = Annotated[float, Range(0.0, 10.0, step=0.001)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]
Lora = Annotated[str, ModelFile("loras")]
Checkpoint = Annotated[str, ModelFile("checkpoints")]
CREATE, COMBINE, SCHEDULING = (
    f"advanced/hooks/{each}" for each in ("create", "combine", "scheduling")
)
OF_LORA = foreseen.created("lora_name", "loras")
OF_MODEL = foreseen.created("ckpt_name", "checkpoints")


def readable_lora(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and an adapter."""
    from nodeflow.diffusion.adapters.grouping import check_adapter
    from nodeflow.diffusion.checkpoint.header import CheckpointError

    name = str(literals["lora_name"])
    try:
        check_adapter(folders.find_model("loras", name))
    except CheckpointError as error:
        expected = "a LoRA, LoHa, LoKr, OFT, BOFT or DoRA in safetensors"
        yield InputProblem("lora_name", f"'{name}' cannot be used: {error}", expected)


def readable_model(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and of a known family."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.checkpoint.open import open_checkpoint

    name = str(literals["ckpt_name"])
    try:
        open_checkpoint(folders.find_model("checkpoints", name), "")
    except CheckpointError as error:
        expected = "a Stable Diffusion 1, 2 or SDXL file in safetensors"
        yield InputProblem("ckpt_name", f"'{name}' cannot be used: {error}", expected)


@node(
    "CreateHookLora",
    category=CREATE,
    display_name="Create Hook LoRA",
    store=False,
    validate=readable_lora,
    infer=OF_LORA,
)
def create_hook_lora(
    lora_name: Lora,
    context: RunContext,
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    prev_hooks: Hooks | None = None,
) -> Hooks:
    """A LoRA for the prompts that carry it: in their regions, for their part of the sampling.

    Args:
        lora_name: a file in the `loras` folders, with or without its suffix.
        strength_model: how strongly the model is changed; negative turns the change round.
        strength_clip: how strongly the text encoder is changed, by SetClipHooks.
        prev_hooks: act too, before it.
    """
    from nodeflow.diffusion.hooks.hook import Hook, combined
    from nodeflow.diffusion.recipe import WeightsFile

    if strength_model == 0 and strength_clip == 0:
        return prev_hooks or ()
    path = context.folders.find_model("loras", lora_name)
    file = WeightsFile(str(path), context.fingerprint(path))
    return combined(prev_hooks or (), (Hook(file, strength_model, strength_clip),))


@node(
    "CreateHookLoraModelOnly",
    category=CREATE,
    display_name="Create Hook LoRA (Model Only)",
    store=False,
    validate=readable_lora,
    infer=OF_LORA,
)
def create_hook_lora_model_only(
    lora_name: Lora,
    context: RunContext,
    strength_model: Strength = 1.0,
    prev_hooks: Hooks | None = None,
) -> Hooks:
    """A LoRA for the prompts that carry it; the text encoder stays as it is.

    Args:
        lora_name: a file in the `loras` folders, with or without its suffix.
        strength_model: how strongly the model is changed; negative turns the change round.
        prev_hooks: act too, before it.
    """
    return create_hook_lora(lora_name, context, strength_model, 0.0, prev_hooks)


@node(
    "CreateHookModelAsLora",
    category=CREATE,
    display_name="Create Hook Model as LoRA",
    store=False,
    validate=readable_model,
    infer=OF_MODEL,
)
def create_hook_model_as_lora(
    ckpt_name: Checkpoint,
    context: RunContext,
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    prev_hooks: Hooks | None = None,
) -> Hooks:
    """Another model in place of the one that is used, for the prompts that carry it.

    Args:
        ckpt_name: a file of the same family in the `checkpoints` folders.
        strength_model: 1 is the other model, 0.5 half of each.
        strength_clip: the same of the text encoder, by SetClipHooks.
        prev_hooks: act too, before it.
    """
    from nodeflow.diffusion.checkpoint.open import open_checkpoint
    from nodeflow.diffusion.hooks.hook import Hook, WholeModel, combined

    path = context.folders.find_model("checkpoints", ckpt_name)
    opened = open_checkpoint(path, context.fingerprint(path))
    change = WholeModel(opened.model, opened.clip)
    return combined(prev_hooks or (), (Hook(change, strength_model, strength_clip),))


@node(
    "CreateHookModelAsLoraModelOnly",
    category=CREATE,
    display_name="Create Hook Model as LoRA (Model Only)",
    store=False,
    validate=readable_model,
    infer=OF_MODEL,
)
def create_hook_model_as_lora_model_only(
    ckpt_name: Checkpoint,
    context: RunContext,
    strength_model: Strength = 1.0,
    prev_hooks: Hooks | None = None,
) -> Hooks:
    """Another model in place of the one that is used; the text encoder stays as it is.

    Args:
        ckpt_name: a file of the same family in the `checkpoints` folders.
        strength_model: 1 is the other model, 0.5 half of each.
        prev_hooks: act too, before it.
    """
    return create_hook_model_as_lora(ckpt_name, context, strength_model, 0.0, prev_hooks)


@node(
    "CombineHooks2",
    category=COMBINE,
    display_name="Combine Hooks [2]",
    store=False,
    infer=foreseen.joined("hooks_A", "hooks_B"),
)
def combine_hooks(
    first: Annotated[Hooks | None, Name("hooks_A")] = None,
    second: Annotated[Hooks | None, Name("hooks_B")] = None,
) -> Hooks:
    """Both: one that comes by both ways counts once.

    Args:
        first: act first.
        second: act after them.
    """
    from nodeflow.diffusion.hooks.hook import combined

    return combined(first or (), second or ())


@node(
    "SetHookKeyframes",
    category=SCHEDULING,
    display_name="Set Hook Keyframes",
    store=False,
    infer=foreseen.joined("hooks"),
)
def set_hook_keyframes(hooks: Hooks, hook_kf: HookKeyframes | None = None) -> Hooks:
    """Let the strength of hooks follow the sampling.

    Args:
        hooks: all of them get these keyframes in place of others.
        hook_kf: factors of their strengths; without it the hooks stay as they are.
    """
    if hook_kf is None:
        return hooks
    return tuple(replace(hook, keyframes=hook_kf) for hook in hooks)


@node("CreateHookKeyframe", category=SCHEDULING, display_name="Create Hook Keyframe", store=False)
def create_hook_keyframe(
    strength_mult: Strength = 1.0,
    start_percent: Percent = 0.0,
    prev_hook_kf: HookKeyframes | None = None,
) -> Annotated[HookKeyframes, Name("HOOK_KF")]:
    """A factor of a hook's strengths from a part of the sampling on.

    The first keyframe acts from the beginning whatever its start.

    Args:
        strength_mult: the factor; 0 leaves the model as it is.
        start_percent: 0 is the beginning, 1 the end.
        prev_hook_kf: other keyframes; the order is that of the starts.
    """
    from nodeflow.diffusion.hooks.hook import Keyframe
    from nodeflow.diffusion.hooks.keyframes import with_keyframes

    return with_keyframes(prev_hook_kf or (), Keyframe(strength_mult, start_percent))


@node(
    "CreateHookKeyframesInterpolated",
    category=SCHEDULING,
    display_name="Create Hook Keyframes Interp.",
    store=False,
)
def create_hook_keyframes_interpolated(
    strength_start: Factor = 1.0,
    strength_end: Factor = 1.0,
    interpolation: Literal["linear", "ease_in", "ease_out", "ease_in_out"] = "linear",
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    keyframes_count: Annotated[int, Range(2, 100, step=1)] = 5,
    print_keyframes: bool = False,
    prev_hook_kf: HookKeyframes | None = None,
) -> Annotated[HookKeyframes, Name("HOOK_KF")]:
    """Keyframes at equal distances. Each strength is a changed copy of weights: few are faster.

    Args:
        strength_start: the first factor.
        strength_end: the last factor.
        interpolation: how the factors go from the first to the last.
        start_percent: of the first keyframe; 0 is the beginning of sampling.
        end_percent: of the last keyframe.
        keyframes_count: how many.
        print_keyframes: writes them to the log.
        prev_hook_kf: other keyframes; the order is that of the starts.
    """
    from nodeflow.diffusion.hooks.keyframes import (
        Interpolation,
        interpolated,
        log_keyframes,
        with_keyframes,
    )

    how, percents = Interpolation(interpolation), (start_percent, end_percent)
    made = interpolated((strength_start, strength_end), percents, how, keyframes_count)
    if print_keyframes:
        log_keyframes(made)
    return with_keyframes(prev_hook_kf or (), *made)


@node(
    "SetClipHooks",
    category="advanced/hooks/clip",
    display_name="Set CLIP Hooks",
    store=False,
    infer=foreseen.hooked(("CLIP", "clip")),
)
def set_clip_hooks(
    clip: Clip,
    apply_to_conds: bool = True,
    schedule_clip: bool = False,
    hooks: Hooks | None = None,
) -> Clip:
    """Encode prompts with hooks on the text encoder, in place of those it had.

    Args:
        clip: the text encoder.
        apply_to_conds: the prompts carry the hooks to the model too.
        schedule_clip: prompts are encoded anew for each keyframe; without it keyframes do not
            count for the text encoder.
        hooks: change the text encoder by their `strength_clip`.
    """
    from nodeflow.diffusion.hooks.hook import ClipHooks

    if hooks is None:
        return clip
    kept = clip.hooks.on_prompts if clip.hooks is not None else ()
    return replace(clip, hooks=ClipHooks(hooks, hooks if apply_to_conds else kept, schedule_clip))
