"""Perturbed-attention guidance (arXiv 2403.17377): away from a prediction without structure."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from nodeflow.diffusion.recipe import Patch
from nodeflow.diffusion.unet.attention import attention
from nodeflow.diffusion.unet.interventions import Interventions, Place


@dataclass(frozen=True, slots=True)
class PerturbedAttention(Patch):
    """`scale * (positive - perturbed)` is added to the guided latent."""

    scale: float


def perturbed_scale_of(patches: Sequence[Patch]) -> float:
    """The scales of all such patches together; 0 without one."""
    return sum((p.scale for p in patches if isinstance(p, PerturbedAttention)), 0.0)


def identity_in_the_middle(place: Place, q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """In the middle block every token attends to itself alone; elsewhere plain attention."""
    return v if place.stage == "mid" else attention(q, k, v, heads)


PERTURBED = Interventions(self_attention=identity_in_the_middle)
VARIANT = "identity self-attention in the middle"
