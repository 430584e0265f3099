"""Which models a file is for whose weights go with each of a UNet's transformer blocks."""

from typing import TypeAlias

from nodeflow.diffusion.checkpoint.problem import CheckpointError
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.places import attention_places

Widths: TypeAlias = tuple[int, tuple[int, ...]]
"""Of the text that a model reads, and of each of its transformer blocks: down, up, middle."""


def widths_of(config: UNetConfig) -> Widths:
    """Those of a UNet."""
    return config.context_width, tuple(attention_places(config).values())


def check_model(made_for: Widths, own: Widths) -> None:
    """Raise CheckpointError where a file is for models of another family than the one of `own`."""
    if made_for[0] != own[0]:
        raise CheckpointError(
            f"it is for models that read text {made_for[0]:,} numbers wide, and this one reads "
            f"{own[0]:,}: it was made for another family of models"
        )
    if made_for[1] != own[1]:
        raise CheckpointError(
            f"its {len(made_for[1])} layers do not match this model's {len(own[1])}: it was made "
            "for another family of models, or for one of which nothing was pruned"
        )
