"""What a network beside the frozen model takes off the model's own loss."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.training.learn import Goal
from nodeflow.diffusion.training.placed import Batch, Examples
from nodeflow.diffusion.unet.interventions import Interventions
from nodeflow.diffusion.unet.model import UNet2DConditionModel

BATCH = 8

Steer = Callable[[Batch], Interventions]
"""What the network that is trained does to the model, for a batch."""


def goal_of(unet: UNet2DConditionModel, examples: Examples, steer: Steer) -> Goal:
    """The model's loss as it is steered; the gain is what that takes off on one fixed batch."""
    same = examples.batch(32, torch.Generator().manual_seed(3))
    with torch.no_grad():
        base = float(F.mse_loss(unet(same.x, same.at, same.context), same.target))

    def loss(batch: Batch) -> Tensor:
        out = unet(batch.x, batch.at, batch.context, None, steer(batch))
        return F.mse_loss(out, batch.target)

    return Goal(
        lambda generator: loss(examples.batch(BATCH, generator)), lambda: base - float(loss(same))
    )
