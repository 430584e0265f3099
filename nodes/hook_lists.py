"""Many hooks in one, and keyframes of a list of strengths."""

from typing import Annotated

from nodeflow.node import Name, Range, node
from nodeflow.values import Floats, HookKeyframes, Hooks, foreseen

Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]
COMBINE, SCHEDULING = (f"advanced/hooks/{each}" for each in ("combine", "scheduling"))
PORTS = tuple(f"hooks_{letter}" for letter in "ABCDEFGH")


def joined(*hooks: Hooks | None) -> Hooks:
    """All in their order; one that comes twice counts once."""
    from nodeflow.diffusion.hooks.hook import combined

    return combined(*(each or () for each in hooks))


@node(
    "CombineHooks4",
    category=COMBINE,
    display_name="Combine Hooks [4]",
    store=False,
    infer=foreseen.joined(*PORTS[:4]),
)
def combine_four_hooks(
    first: Annotated[Hooks | None, Name("hooks_A")] = None,
    second: Annotated[Hooks | None, Name("hooks_B")] = None,
    third: Annotated[Hooks | None, Name("hooks_C")] = None,
    fourth: Annotated[Hooks | None, Name("hooks_D")] = None,
) -> Hooks:
    """Up to four: one that comes by several ways counts once.

    Args:
        first: act first.
        second: act after them.
        third: and so on.
        fourth: act last.
    """
    return joined(first, second, third, fourth)


@node(
    "CombineHooks8",
    category=COMBINE,
    display_name="Combine Hooks [8]",
    store=False,
    infer=foreseen.joined(*PORTS),
)
def combine_eight_hooks(
    first: Annotated[Hooks | None, Name("hooks_A")] = None,
    second: Annotated[Hooks | None, Name("hooks_B")] = None,
    third: Annotated[Hooks | None, Name("hooks_C")] = None,
    fourth: Annotated[Hooks | None, Name("hooks_D")] = None,
    fifth: Annotated[Hooks | None, Name("hooks_E")] = None,
    sixth: Annotated[Hooks | None, Name("hooks_F")] = None,
    seventh: Annotated[Hooks | None, Name("hooks_G")] = None,
    eighth: Annotated[Hooks | None, Name("hooks_H")] = None,
) -> Hooks:
    """Up to eight: one that comes by several ways counts once.

    Args:
        first: act first.
        second: act after them.
        third: and so on.
        fourth: and so on.
        fifth: and so on.
        sixth: and so on.
        seventh: and so on.
        eighth: act last.
    """
    return joined(first, second, third, fourth, fifth, sixth, seventh, eighth)


@node(
    "CreateHookKeyframesFromFloats",
    category=SCHEDULING,
    display_name="Create Hook Keyframes From Floats",
    store=False,
)
def create_hook_keyframes_from_floats(
    floats_strength: Floats,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    print_keyframes: bool = False,
    prev_hook_kf: HookKeyframes | None = None,
) -> Annotated[HookKeyframes, Name("HOOK_KF")]:
    """A keyframe for each number of a list that a plugin gives, at equal distances.

    Args:
        floats_strength: factors of a hook's strengths, or a single one.
        start_percent: of the first keyframe; 0 is the beginning of sampling.
        end_percent: of the last keyframe.
        print_keyframes: writes them to the log.
        prev_hook_kf: other keyframes; the order is that of the starts.
    """
    from nodeflow.diffusion.hooks.keyframes import log_keyframes, of_strengths, with_keyframes

    if isinstance(floats_strength, float | int):
        floats_strength = (floats_strength,)
    strengths = tuple(float(strength) for strength in floats_strength)
    made = of_strengths(strengths, (start_percent, end_percent))
    if print_keyframes:
        log_keyframes(made)
    return with_keyframes(prev_hook_kf or (), *made)
