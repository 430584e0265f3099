"""Sizes of a control net."""

from dataclasses import dataclass, field

from nodeflow.diffusion.unet.config import UNetConfig


@dataclass(frozen=True, slots=True)
class ControlNetConfig:
    """`unet`: the sizes of the half it copies. hint: widths of the picture's convolutions, of which
    every second halves; three halvings take pixels to latent cells.
    types: kinds of picture that a union control net tells apart, 0 for others; type_layers:
    transformer blocks that see them.

    A control net for any family is made from its UNet's sizes: `ControlNetConfig(unet.config)`.
    """

    unet: UNetConfig = field(default_factory=UNetConfig)
    hint_channels: int = 3
    hint: tuple[int, ...] = (16, 32, 96, 256)
    types: int = 0
    type_layers: int = 1


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """Sizes of a T2I adapter.

    channels: of the picture (1 is grey); widths: of what is added to each level of the UNet;
    layers: residual blocks a level; shuffle: pixels along a side that become channels of a cell;
    light: the small form.
    """

    channels: int = 3
    widths: tuple[int, ...] = (320, 640, 1280, 1280)
    layers: int = 2
    shuffle: int = 8
    light: bool = False

    @property
    def wide(self) -> bool:
        """Whether it is for SDXL, whose levels lie otherwise."""
        return self.shuffle == 16
