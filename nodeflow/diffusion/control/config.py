"""Sizes of a control net."""

from dataclasses import dataclass, field

from nodeflow.diffusion.unet.config import UNetConfig


@dataclass(frozen=True, slots=True)
class ControlNetConfig:
    """`unet`: the sizes of the half it copies. hint: widths of the picture's convolutions, of which
    every second halves; three halvings take pixels to latent cells.

    A control net for any family is made from its UNet's sizes: `ControlNetConfig(unet.config)`.
    """

    unet: UNetConfig = field(default_factory=UNetConfig)
    hint_channels: int = 3
    hint: tuple[int, ...] = (16, 32, 96, 256)
