"""MODEL, CLIP and VAE values: frozen descriptions of what to load, never the weights.

A recipe is cheap to make, to compare, to hash and to send to another process;
`nodeflow.diffusion.residency` turns it into modules on a device.
"""

from dataclasses import dataclass
from enum import StrEnum


class Prediction(StrEnum):
    """What the UNet's output means (epsilon, velocity or the clean sample)."""

    EPS = "eps"
    V = "v"
    X0 = "x0"


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A weights file or a diffusers folder: where it is now, and the digest of its content.

    Only `fingerprint` takes part in keys; `path` may differ between machines.
    """

    path: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ModelRecipe:
    """A denoising UNet: its file, what it predicts, its patches in order.

    zero_snr: trained with zero terminal SNR (arXiv 2305.08891).
    """

    source: WeightsFile
    prediction: Prediction
    scale_factor: float
    patches: tuple[object, ...] = ()
    zero_snr: bool = False


@dataclass(frozen=True, slots=True)
class ClipRecipe:
    """A text encoder. `stop_at_layer`: -1 is the last layer, -2 the one before (clip skip)."""

    source: WeightsFile
    stop_at_layer: int = -1
    patches: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class VaeRecipe:
    """An autoencoder."""

    source: WeightsFile
    patches: tuple[object, ...] = ()
