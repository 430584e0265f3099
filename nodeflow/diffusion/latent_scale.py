"""From the autoencoder's latents to those that a model works on, and back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class LatentScale:
    """`(latent - mean) · factor / std`, channel by channel; mean 0 and std 1 where they are empty.

    Playground 2.5 has its own mean and std (arXiv 2402.17245), all others a factor alone.
    """

    factor: float
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def scaled(self, latent: "Tensor") -> "Tensor":
        """`[B, C, h, w]` as the model has it. A latent of zeros is an empty canvas and stays so."""
        if not self.mean:
            return latent * self.factor
        if not latent.any():
            return latent
        return (latent - column(self.mean, latent)) * (self.factor / column(self.std, latent))

    def unscaled(self, x: "Tensor") -> "Tensor":
        """`[B, C, h, w]` as the autoencoder has it."""
        return self.difference(x) + column(self.mean, x) if self.mean else x / self.factor

    def difference(self, x: "Tensor") -> "Tensor":
        """A difference of scaled latents as one of unscaled latents."""
        return x * (column(self.std, x) / self.factor) if self.std else x / self.factor


def column(values: tuple[float, ...], like: "Tensor") -> "Tensor":
    """A number for each channel, `[1, C, 1, 1]`."""
    return like.new_tensor(values)[None, :, None, None]
