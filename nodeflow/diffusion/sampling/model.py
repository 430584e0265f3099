"""A UNet as a denoiser: what it predicts, and at which noise levels (arXiv 2206.00364)."""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule


class UNetCall(Protocol):
    """The network: latent, timesteps `[batch]`, context, label vector."""

    def __call__(
        self, x: Tensor, timesteps: Tensor, context: Tensor, y: Tensor | None = None, /
    ) -> Tensor:
        """Noise, velocity or sample of the shape of the latent."""


@dataclass(frozen=True, eq=False)
class DenoisingModel:
    """`model(x, sigma, context)` is the denoised latent, in the model's scaled space.

    dtype: what the network computes in; the arithmetic around it is float32.
    """

    unet: UNetCall
    prediction: Prediction
    schedule: DiscreteSchedule
    dtype: torch.dtype = torch.float32
    takes_labels: bool = False

    def __call__(
        self, x: Tensor, sigma: float, context: Tensor, labels: Tensor | None = None
    ) -> Tensor:
        """`x` `[batch, channels, h, w]` float32 at noise level `sigma`."""
        t = float(self.schedule.timestep(torch.tensor(sigma)))
        scaled = (x / math.sqrt(sigma**2 + 1)).to(self.dtype)
        times = torch.full((len(x),), t, device=x.device)
        out = self.unet(scaled, times, context.to(x.device, self.dtype), labels).float()
        match self.prediction:
            case Prediction.EPS:
                return x - sigma * out
            case Prediction.V:
                variance = sigma**2 + 1
                return x / variance - out * (sigma / math.sqrt(variance))
            case Prediction.X0:
                return out
