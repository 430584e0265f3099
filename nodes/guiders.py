"""How prompts guide a model, for the open sampler."""

from typing import Annotated, Literal

from nodeflow.node import Range, node
from nodeflow.values import Conditioning, Guider, Model

CATEGORY = "sampling/custom_sampling/guiders"
Cfg = Annotated[float, Range(0.0, 100.0, step=0.1)]


@node("CFGGuider", category=CATEGORY, store=False)
def cfg_guider(
    model: Model, positive: Conditioning, negative: Conditioning, cfg: Cfg = 8.0
) -> Guider:
    """Classifier-free guidance, as KSampler has it.

    Args:
        model: the model that denoises.
        positive: what the picture shows.
        negative: what it does not show.
        cfg: how strictly to follow the prompts.
    """
    from nodeflow.diffusion.sampling.guided import Guided
    from nodeflow.diffusion.sampling.trajectory import Prompts

    return Guided(model, Prompts(positive, negative, cfg))


@node("BasicGuider", category=CATEGORY, store=False)
def basic_guider(model: Model, conditioning: Conditioning) -> Guider:
    """One prompt and no guidance.

    Args:
        model: the model that denoises.
        conditioning: what the picture shows.
    """
    from nodeflow.diffusion.sampling.guided import Guided
    from nodeflow.diffusion.sampling.trajectory import Prompts

    return Guided(model, Prompts(conditioning, (), 1.0))


@node("DualCFGGuider", category=CATEGORY, store=False)
def dual_cfg_guider(
    model: Model,
    cond1: Conditioning,
    cond2: Conditioning,
    negative: Conditioning,
    cfg_conds: Cfg = 8.0,
    cfg_cond2_negative: Cfg = 8.0,
    style: Literal["regular", "nested"] = "regular",
) -> Guider:
    """Two prompts, the first against the second and the second against the negative one.

    Args:
        model: the model that denoises.
        cond1: the first prompt.
        cond2: the second prompt.
        negative: what the picture does not show.
        cfg_conds: strength of the first against the second.
        cfg_cond2_negative: strength of the second against the negative.
        style: nested multiplies both strengths on the first.
    """
    from nodeflow.diffusion.guidance.dual import DualPrompts
    from nodeflow.diffusion.sampling.guided import Guided

    nested = style == "nested"
    prompts = DualPrompts(cond1, cond2, negative, cfg_conds, cfg_cond2_negative, nested)
    return Guided(model, prompts)


@node("PerpNegGuider", category=CATEGORY, store=False, experimental=True)
def perp_neg_guider(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    empty_conditioning: Conditioning,
    cfg: Cfg = 8.0,
    neg_scale: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0,
) -> Guider:
    """A negative prompt that takes nothing from the positive one.

    Args:
        model: the model that denoises.
        positive: what the picture shows.
        negative: what it does not show.
        empty_conditioning: an empty prompt.
        cfg: how strictly to follow the prompts.
        neg_scale: strength of the negative prompt.
    """
    from nodeflow.diffusion.guidance.perp_neg import PerpNegPrompts
    from nodeflow.diffusion.sampling.guided import Guided

    return Guided(model, PerpNegPrompts(positive, negative, empty_conditioning, cfg, neg_scale))
