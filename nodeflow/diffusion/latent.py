"""The LATENT value: unscaled VAE latents with what sampling needs to know about them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Latent:
    """Latents as the VAE gives them, before the model's scale factor.

    samples: float32 `[batch, channels, height / 8, width / 8]`.
    noise_mask: float32 `[batch or 1, 1 or none, height, width]`, 1 where sampling may change.
    batch_index: index of each item in the noise stream, where items were picked from a batch.
    drawn_with: size of that batch, so that the steps' noise can be that of the whole batch too.
    seeds: a seed for each item, in place of the sampler's.
    """

    samples: "torch.Tensor"
    noise_mask: "torch.Tensor | None" = None
    batch_index: tuple[int, ...] | None = None
    drawn_with: int | None = None
    seeds: tuple[int, ...] | None = None
