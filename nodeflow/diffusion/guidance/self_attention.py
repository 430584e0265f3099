"""Self-attention guidance (arXiv 2210.00939): away from what a blurred picture would become.

Where the middle of the network looks most, the denoised latent is blurred and noised again; the
difference of that to its own denoised is added to the guided latent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from nodeflow.diffusion.blur import separable_gaussian
from nodeflow.diffusion.recipe import Patch

KERNEL = 9
THRESHOLD = 1.0
SMALLEST = KERNEL // 2
"""Latents no larger than this are left alone: the blur would have no room."""
VARIANT = "attention of the middle"


@dataclass(frozen=True, slots=True)
class SelfAttention(Patch):
    """`scale * (blurred - denoised of blurred)` is added; `blur_sigma` in latent cells."""

    scale: float
    blur_sigma: float


def self_attention_of(patches: Sequence[Patch]) -> SelfAttention | None:
    """The last such patch that does anything."""
    found = (p for p in reversed(patches) if isinstance(p, SelfAttention) and p.scale)
    return next(found, None)


def blurred(denoised: Tensor, received: Tensor, sigma: float) -> Tensor:
    """`[B, C, h, w]`, blurred where `received` `[B, 1, h, w]` is above the average."""
    mask = (received > THRESHOLD).to(denoised)
    return separable_gaussian(denoised, KERNEL, sigma) * mask + denoised * (1 - mask)
