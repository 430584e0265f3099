"""Changes to a model's forward pass and to its guidance by it."""

from dataclasses import replace
from typing import Annotated

from nodeflow.node import Range, node
from nodeflow.values import Model

CATEGORY = "model_patches/unet"
Factor = Annotated[float, Range(0.0, 10.0, step=0.01)]


@node("PerturbedAttentionGuidance", category=CATEGORY, store=False)
def perturbed_attention_guidance(
    model: Model, scale: Annotated[float, Range(0.0, 100.0, step=0.01)] = 3.0
) -> Model:
    """Clearer structure, by guidance away from a prediction that lacks it; costs a third row.

    Args:
        model: the model.
        scale: 0 changes nothing, 3 is usual; works beside cfg and without it.
    """
    from nodeflow.diffusion.guidance.perturbed import PerturbedAttention

    return replace(model, patches=(*model.patches, PerturbedAttention(scale)))


@node("FreeU", category=CATEGORY, store=False)
def free_u(
    model: Model, b1: Factor = 1.1, b2: Factor = 1.2, s1: Factor = 0.9, s2: Factor = 0.2
) -> Model:
    """Richer pictures, by the balance of the UNet's two ways; costs nearly no time.

    Args:
        model: the model.
        b1: backbone factor at the widest features, 1 changes nothing.
        b2: backbone factor one level above.
        s1: factor of the skips' low frequencies at the widest features, 1 changes nothing.
        s2: the same one level above.
    """
    from nodeflow.diffusion.patches.freeu import FreeU

    return replace(model, patches=(*model.patches, FreeU(b1, b2, s1, s2)))


@node("FreeU_V2", category=CATEGORY, store=False)
def free_u_v2(
    model: Model, b1: Factor = 1.3, b2: Factor = 1.4, s1: Factor = 0.9, s2: Factor = 0.2
) -> Model:
    """FreeU that strengthens where the features have structure.

    Args:
        model: the model.
        b1: backbone factor at the widest features, 1 changes nothing.
        b2: backbone factor one level above.
        s1: factor of the skips' low frequencies at the widest features, 1 changes nothing.
        s2: the same one level above.
    """
    from nodeflow.diffusion.patches.freeu import FreeU

    return replace(model, patches=(*model.patches, FreeU(b1, b2, s1, s2, structure=True)))


@node("DifferentialDiffusion", category="model_patches", store=False)
def differential_diffusion(
    model: Model, strength: Annotated[float, Range(0.0, 1.0, step=0.01)] = 1.0
) -> Model:
    """Grey masks mean how much of the sampling changes a place, not how much is blended.

    Args:
        model: the model.
        strength: 0 is the plain mask, 1 is the step's.
    """
    from nodeflow.diffusion.sampling.differential import DifferentialDiffusion

    return replace(model, patches=(*model.patches, DifferentialDiffusion(strength)))
