"""TAESD: a small distilled autoencoder (O. B. Bohan, github.com/madebyollin/taesd, 2023).

Works on scaled latents; names as in diffusers' AutoencoderTiny.
"""

import torch
from torch import Tensor, nn

WIDTH = 64
BLOCKS = 3
"""Residual blocks between two changes of size."""


class Block(nn.Module):
    """Three convolutions beside a skip path, a ReLU over their sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )  # fmt: skip
        self.fuse = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fuse(self.conv(x) + x)
        return out


def encoder_layers(width: int, channels: int) -> list[nn.Module]:
    """Pixels to a latent, an eighth of the size."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), Block(width)]
    for _ in range(3):
        layers.append(nn.Conv2d(width, width, 3, padding=1, stride=2, bias=False))
        layers += [Block(width) for _ in range(BLOCKS)]
    return [*layers, nn.Conv2d(width, channels, 3, padding=1)]


def decoder_layers(width: int, channels: int) -> list[nn.Module]:
    """A latent to pixels."""
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
    for _ in range(3):
        layers += [Block(width) for _ in range(BLOCKS)]
        layers += [nn.Upsample(scale_factor=2), nn.Conv2d(width, width, 3, padding=1, bias=False)]
    return [*layers, Block(width), nn.Conv2d(width, 3, 3, padding=1)]


class Layers(nn.Module):
    """Layers in a row, under the name that diffusers has for them."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


class TinyAutoencoder(nn.Module):
    """Stands in for `AutoencoderKL`: unscaled latents, pixels in -1..1.

    scale_factor: of the family; latents here are unscaled, as everywhere outside of sampling.
    """

    def __init__(self, scale_factor: float, width: int = WIDTH, channels: int = 4) -> None:
        super().__init__()
        self.scale_factor = scale_factor
        self.encoder = Layers(encoder_layers(width, channels))
        self.decoder = Layers(decoder_layers(width, channels))

    def encode(self, pixels: Tensor) -> Tensor:
        """`[B, 3, H, W]` in -1..1 to an unscaled latent."""
        latent: Tensor = self.encoder((pixels + 1) / 2) / self.scale_factor
        return latent

    def decode(self, latents: Tensor) -> Tensor:
        """An unscaled latent to pixels in about -1..1, not clamped."""
        scaled = torch.tanh(latents * self.scale_factor / 3) * 3
        picture: Tensor = self.decoder(scaled)
        return picture * 2 - 1
