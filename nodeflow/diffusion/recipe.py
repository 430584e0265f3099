"""MODEL, CLIP, VAE and CLIP_VISION values: frozen descriptions of what to load, never the weights.

A recipe is cheap to make, to compare, to hash and to send to another process;
`nodeflow.diffusion.residency` turns it into modules on a device.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from nodeflow.diffusion.latent_scale import LatentScale

if TYPE_CHECKING:
    from torch import nn

    from nodeflow.diffusion.hooks.hook import ClipHooks
    from nodeflow.diffusion.room import Allocate


class Prediction(StrEnum):
    """What the UNet's output means: epsilon, velocity, the clean sample, LCM's epsilon, EDM's
    residual (arXiv 2206.00364), the clean sample of a latent that it is given unscaled, or noise
    less clean sample (rectified flow, arXiv 2209.03003)."""

    EPS = "eps"
    V = "v"
    X0 = "x0"
    LCM = "lcm"
    EDM = "edm"
    IMG_TO_IMG = "img_to_img"
    FLOW = "flow"


class Time(StrEnum):
    """What a model of continuous noise levels is told: ln(sigma) / 4, atan(sigma) · 2 / pi, or
    the part of noise in the mixture, sigma / (sigma + 1)."""

    LOG = "log"
    ANGLE = "angle"
    PART = "part"


class FamilyName(StrEnum):
    """Models that share a text encoder and a latent space."""

    SD1 = "Stable Diffusion 1"
    SD2 = "Stable Diffusion 2"
    SDXL = "SDXL"
    REFINER = "SDXL refiner"
    UPSCALER = "Stable Diffusion x4 upscaler"


class Labels(StrEnum):
    """What a UNet's second embedding, beside the time, is made of."""

    NONE = "none"
    SIZES = "pooled text and picture sizes"
    REFINER = "pooled text, picture sizes and aesthetic score"
    IMAGE = "image embedding and its noise level"
    NOISE_LEVEL = "noise level of the small picture"


class ExtraChannels(StrEnum):
    """What a UNet takes on its input channels behind the noisy latent."""

    NONE = "none"
    INPAINT = "mask and masked latent"
    EDIT = "latent of the picture to edit"
    DEPTH = "depth map"
    UPSCALE = "small picture"


class Tower(StrEnum):
    """A text encoder by its role; OpenAI's CLIP ViT-L/14, OpenCLIP's ViT-H/14 and ViT-bigG/14."""

    L = "clip_l"
    H = "clip_h"
    G = "clip_g"


class StoredAs(StrEnum):
    """Weights rounded to eight bits a number, however they are computed with."""

    AS_IS = "default"
    E4M3 = "fp8_e4m3fn"
    E5M2 = "fp8_e5m2"


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A weights file or a diffusers folder: where it is now, and the digest of its content.

    Only `fingerprint` takes part in keys; `path` may differ between machines.
    """

    path: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Patch:
    """A change to a model, in order with others. Subclasses are frozen and hold plain values.

    This class is for changes to sampling and to the forward pass, which leave weights alone.
    """


@dataclass(frozen=True, slots=True)
class WeightPatch(Patch):
    """A change to weights: models that differ in these are different modules in memory."""

    def apply(self, module: "nn.Module", tower: Tower | None, allocate: "Allocate") -> None:
        """Replace parameters of `module`; never change their values in place.

        The module is a copy that shares every parameter with the unpatched one. tower: which
        text encoder it is, None for every other network. allocate: gives memory for a new weight.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class ModelRecipe:
    """A denoising UNet: its file, what it predicts, its patches in order.

    zero_snr: trained with zero terminal SNR (arXiv 2305.08891).
    betas: first and last beta of the schedule, linear in their square roots.
    context_width: of the text embeddings it takes, 0 where that is not known.
    sigma_range: lowest and highest sigma of a model of continuous time (EDM), else None.
    time: how such a model is told of sigma.
    latent_mean, latent_std: of each latent channel, where the model has them beside its factor.
    """

    source: WeightsFile
    prediction: Prediction
    scale_factor: float
    patches: tuple[Patch, ...] = ()
    zero_snr: bool = False
    family: FamilyName = FamilyName.SD1
    labels: Labels = Labels.NONE
    extra: ExtraChannels = ExtraChannels.NONE
    betas: tuple[float, float] = (0.00085, 0.012)
    stored_as: StoredAs = StoredAs.AS_IS
    context_width: int = 0
    sigma_range: tuple[float, float] | None = None
    time: Time = Time.LOG
    latent_mean: tuple[float, ...] = ()
    latent_std: tuple[float, ...] = ()

    @property
    def scale(self) -> LatentScale:
        """How latents become those that it works on."""
        return LatentScale(self.scale_factor, self.latent_mean, self.latent_std)


@dataclass(frozen=True, slots=True)
class TextSource:
    """One text encoder: its role, and the file that holds it."""

    tower: Tower
    file: WeightsFile


@dataclass(frozen=True, slots=True)
class ClipRecipe:
    """The text encoders of a family, in the order in which their features are joined.

    stop_at_layer: None is the family's own, -1 the last layer, -2 the one before (clip skip).
    hooks: of the texts that it encodes.
    """

    family: FamilyName
    sources: tuple[TextSource, ...]
    stop_at_layer: int | None = None
    patches: tuple[Patch, ...] = ()
    hooks: "ClipHooks | None" = None


@dataclass(frozen=True, slots=True)
class VaeRecipe:
    """An autoencoder.

    tiny_scale: not None for TAESD, the scale of the latents that it works on. encoder: the file of
    TAESD's encoder where the halves are apart.
    """

    source: WeightsFile
    patches: tuple[Patch, ...] = ()
    tiny_scale: float | None = None
    encoder: WeightsFile | None = None


@dataclass(frozen=True, slots=True)
class VisionRecipe:
    """An image encoder (CLIP's vision transformer)."""

    source: WeightsFile


@dataclass(frozen=True, slots=True)
class ControlRecipe:
    """A network that steers a UNet by a picture: a control net or a T2I adapter.

    base: the model that the file is a difference to, or whose weights it builds on (Control-LoRA).
    types: which of a union control net's kinds of picture it is given; empty for all others.
    """

    source: WeightsFile
    base: ModelRecipe | None = None
    types: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GligenRecipe:
    """A network that puts texts in boxes, by its file."""

    source: WeightsFile


@dataclass(frozen=True, slots=True)
class PhotoMakerRecipe:
    """What puts somebody in pictures into a prompt, by its file."""

    source: WeightsFile
