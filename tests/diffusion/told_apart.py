"""A stand-in network that denoises to the value of the context it is given."""

from dataclasses import replace

import torch
from torch import Tensor

from nodeflow.diffusion.conditioning import ConditioningEntry
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.sampling.model import DenoisingModel
from tests.diffusion.exact import SD


class Linear:
    """A stand-in network whose output says which context it was given; counts its calls."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(
        self, x: Tensor, t: Tensor, context: Tensor, y: Tensor | None = None, /, *rest: object
    ) -> Tensor:
        self.batches.append(len(x))
        return x * 0 + context.mean(dim=(1, 2))[:, None, None, None]


def entry(value: float, **settings: object) -> ConditioningEntry:
    """An embedding full of one value."""
    return replace(ConditioningEntry(torch.full((1, 77, 8), value)), **settings)  # type: ignore[arg-type]


def denoiser() -> tuple[Linear, DenoisingModel]:
    """A model whose denoised latent is the context's value."""
    net = Linear()
    return net, DenoisingModel(net, Prediction.X0, SD)
