"""Changes to a model's forward pass and to its guidance by it."""

from dataclasses import replace
from typing import Annotated

from nodeflow.node import Range, node
from nodeflow.values import Model

CATEGORY = "model_patches/unet"


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
