"""A few steps of the embedded model with a patched MODEL."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.recipe import ModelRecipe
from nodeflow.node.context import RunContext
from nodeflow.values.structured import decode, encode
from tests.nodes.test_behaviour import call


@cache
def parts() -> tuple[RunContext, ModelRecipe, Any, Any]:
    """The context, the model and two prompts."""
    context = RunContext()
    model, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", context)
    positive = call("CLIPTextEncode", "a red apple", clip, context)
    return context, model, positive, call("CLIPTextEncode", "", clip, context)


def sampled(
    patch: Callable[[ModelRecipe], ModelRecipe] = lambda model: model,
    size: int = 8,
    steps: int = 3,
    cfg: float = 4.0,
) -> Tensor:
    """The latent of a seed; the patched recipe survives being stored."""
    context, model, positive, negative = parts()
    used = patch(model)
    assert decode(encode(used)) == used
    latent = Latent(torch.zeros(1, 4, size, size))
    made: Latent = call("KSampler", used, positive, negative, latent, context, 7, steps, cfg)
    assert made.samples.isfinite().all()
    return made.samples
