"""Prompts with a mask, hooks and a part of the sampling at once; both sides in one node."""

from typing import Annotated, Literal, NamedTuple

from nodeflow.node import Name, Range, node
from nodeflow.values import Conditioning, Hooks, Mask, TimestepsRange, foreseen

Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]
CondArea = Literal["default", "mask bounds"]
PAIR, SINGLE = (f"advanced/hooks/cond {each}" for each in ("pair", "single"))
NEW = foreseen.hooked(("positive", "positive_NEW"), ("negative", "negative_NEW"))


class Pair(NamedTuple):
    positive: Conditioning
    negative: Conditioning


@node(
    "ConditioningTimestepsRange",
    category="advanced/hooks",
    display_name="Timesteps Range",
    store=False,
)
def conditioning_timesteps_range(
    start_percent: Percent = 0.0, end_percent: Percent = 1.0
) -> TimestepsRange:
    """A part of the sampling.

    Args:
        start_percent: 0 is the beginning.
        end_percent: 1 is the end.
    """
    return start_percent, end_percent


@node(
    "PairConditioningSetProperties",
    category=PAIR,
    display_name="Cond Pair Set Props",
    infer=NEW,
)
def pair_conditioning_set_properties(
    positive_new: Annotated[Conditioning, Name("positive_NEW")],
    negative_new: Annotated[Conditioning, Name("negative_NEW")],
    strength: Strength = 1.0,
    set_cond_area: CondArea = "default",
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> Pair:
    """Both prompts in a region, with hooks, for a part of the sampling.

    Args:
        positive_new: what the picture shows there.
        negative_new: what it does not show there.
        strength: factor of the mask; nothing without one.
        set_cond_area: mask bounds evaluates only the mask's bounding box.
        mask: weight per pixel, resized to the picture.
        hooks: change the model for these prompts, behind the hooks that they have.
        timesteps: when they act.
    """
    from nodeflow.diffusion.hooks.properties import Properties

    given = Properties(mask, strength, set_cond_area == "mask bounds", hooks, timesteps)
    return Pair(given.of(positive_new), given.of(negative_new))


@node(
    "PairConditioningSetPropertiesAndCombine",
    category=PAIR,
    display_name="Cond Pair Set Props Combine",
    infer=NEW,
)
def pair_conditioning_set_properties_and_combine(
    positive: Conditioning,
    negative: Conditioning,
    positive_new: Annotated[Conditioning, Name("positive_NEW")],
    negative_new: Annotated[Conditioning, Name("negative_NEW")],
    strength: Strength = 1.0,
    set_cond_area: CondArea = "default",
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> Pair:
    """The same for new prompts, joined to those that are there.

    Args:
        positive: stays as it is.
        negative: stays as it is.
        positive_new: what the picture shows there.
        negative_new: what it does not show there.
        strength: factor of the mask; nothing without one.
        set_cond_area: mask bounds evaluates only the mask's bounding box.
        mask: weight per pixel, resized to the picture.
        hooks: change the model for the new prompts, behind the hooks that they have.
        timesteps: when the new ones act.
    """
    from nodeflow.diffusion.hooks.properties import Properties

    given = Properties(mask, strength, set_cond_area == "mask bounds", hooks, timesteps)
    return Pair((*positive, *given.of(positive_new)), (*negative, *given.of(negative_new)))


@node(
    "ConditioningSetProperties",
    category=SINGLE,
    display_name="Cond Set Props",
    infer=foreseen.hooked(("CONDITIONING", "cond_NEW")),
)
def conditioning_set_properties(
    cond_new: Annotated[Conditioning, Name("cond_NEW")],
    strength: Strength = 1.0,
    set_cond_area: CondArea = "default",
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> Conditioning:
    """A prompt in a region, with hooks, for a part of the sampling.

    Args:
        cond_new: the prompt.
        strength: factor of the mask; nothing without one.
        set_cond_area: mask bounds evaluates only the mask's bounding box.
        mask: weight per pixel, resized to the picture.
        hooks: change the model for it, behind the hooks that it has.
        timesteps: when it acts.
    """
    from nodeflow.diffusion.hooks.properties import Properties

    given = Properties(mask, strength, set_cond_area == "mask bounds", hooks, timesteps)
    return given.of(cond_new)


@node(
    "ConditioningSetPropertiesAndCombine",
    category=SINGLE,
    display_name="Cond Set Props Combine",
    infer=foreseen.hooked(("CONDITIONING", "cond_NEW")),
)
def conditioning_set_properties_and_combine(
    cond: Conditioning,
    cond_new: Annotated[Conditioning, Name("cond_NEW")],
    strength: Strength = 1.0,
    set_cond_area: CondArea = "default",
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> Conditioning:
    """The same for a new prompt, joined to those that are there.

    Args:
        cond: stays as it is.
        cond_new: the new prompt.
        strength: factor of the mask; nothing without one.
        set_cond_area: mask bounds evaluates only the mask's bounding box.
        mask: weight per pixel, resized to the picture.
        hooks: change the model for the new prompt, behind the hooks that it has.
        timesteps: when the new one acts.
    """
    from nodeflow.diffusion.hooks.properties import Properties

    given = Properties(mask, strength, set_cond_area == "mask bounds", hooks, timesteps)
    return (*cond, *given.of(cond_new))


@node(
    "PairConditioningCombine",
    category=PAIR,
    display_name="Cond Pair Combine",
    infer=foreseen.passed(("positive", "positive_A"), ("negative", "negative_A")),
)
def pair_conditioning_combine(
    positive_a: Annotated[Conditioning, Name("positive_A")],
    negative_a: Annotated[Conditioning, Name("negative_A")],
    positive_b: Annotated[Conditioning, Name("positive_B")],
    negative_b: Annotated[Conditioning, Name("negative_B")],
) -> Pair:
    """Both pairs: each prompt is evaluated and the results of a side are averaged.

    Args:
        positive_a: one.
        negative_a: one.
        positive_b: the other.
        negative_b: the other.
    """
    return Pair((*positive_a, *positive_b), (*negative_a, *negative_b))


@node(
    "ConditioningSetDefaultCombine",
    category=SINGLE,
    display_name="Cond Set Default Combine",
    infer=foreseen.hooked(("CONDITIONING", "cond_DEFAULT")),
)
def conditioning_set_default_combine(
    cond: Conditioning,
    cond_default: Annotated[Conditioning, Name("cond_DEFAULT")],
    hooks: Hooks | None = None,
) -> Conditioning:
    """A prompt for the parts of the picture that others leave, joined to them.

    Args:
        cond: prompts with masks or areas.
        cond_default: counts where their weights add up to less than 1.
        hooks: change the model for it, behind the hooks that it has.
    """
    from nodeflow.diffusion.hooks.properties import Properties

    return (*cond, *Properties(hooks=hooks).by_default(cond_default))


@node(
    "PairConditioningSetDefaultCombine",
    category=PAIR,
    display_name="Cond Pair Set Default Combine",
    infer=foreseen.hooked(("positive", "positive_DEFAULT"), ("negative", "negative_DEFAULT")),
)
def pair_conditioning_set_default_combine(
    positive: Conditioning,
    negative: Conditioning,
    positive_default: Annotated[Conditioning, Name("positive_DEFAULT")],
    negative_default: Annotated[Conditioning, Name("negative_DEFAULT")],
    hooks: Hooks | None = None,
) -> Pair:
    """Both prompts for the parts of the picture that others leave, joined to them.

    Args:
        positive: prompts with masks or areas.
        negative: what is not shown there.
        positive_default: counts where their weights add up to less than 1.
        negative_default: what is not shown there.
        hooks: change the model for the default ones, behind the hooks that they have.
    """
    from nodeflow.diffusion.hooks.properties import Properties

    given = Properties(hooks=hooks)
    return Pair(
        (*positive, *given.by_default(positive_default)),
        (*negative, *given.by_default(negative_default)),
    )
