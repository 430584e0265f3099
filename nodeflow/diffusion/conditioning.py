"""The CONDITIONING value: text embeddings, each with where and when it applies."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from nodeflow.diffusion.hooks.hook import Hooks
from nodeflow.diffusion.recipe import ControlRecipe, GligenRecipe

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in latent cells (pixels // 8)."""

    height: int
    width: int
    y: int
    x: int


@dataclass(frozen=True, slots=True)
class AreaFraction:
    """A rectangle in fractions of the latent's height and width, each in 0..1."""

    height: float
    width: float
    y: float
    x: float


@dataclass(frozen=True, slots=True)
class Sizes:
    """Picture sizes in pixels that SDXL is told (arXiv 2307.01952, section 2.2).

    target: the size to be, where it differs from the original. aesthetic_score: the refiner's.
    """

    height: int
    width: int
    crop_h: int = 0
    crop_w: int = 0
    target_height: int | None = None
    target_width: int | None = None
    aesthetic_score: float | None = None


@dataclass(frozen=True, eq=False)
class ImagePrompt:
    """A picture as a prompt (unCLIP, arXiv 2204.06125).

    embedding: float32 `[1, width]`, CLIP's projected image embedding. noise_augmentation: 0..1.
    """

    embedding: "torch.Tensor"
    strength: float = 1.0
    noise_augmentation: float = 0.0


@dataclass(frozen=True, eq=False)
class ExtraImage:
    """What a model takes on further input channels.

    latent: unscaled `[batch, 4, h, w]` (inpainting, editing), or the depth map `[batch, 1, h, w]`
    or the small picture `[batch, 3, h, w]`, both in -1..1.
    mask: `[batch, h, w]` of any size, 1 where the picture is made anew.
    noise_augmentation: how much noise the small picture gets, 0..1.
    """

    latent: "torch.Tensor"
    mask: "torch.Tensor | None" = None
    noise_augmentation: float = 0.0


@dataclass(frozen=True, eq=False)
class Control:
    """A picture that steers the model through a control net, beside others.

    hint: float32 `[batch, 3, H, W]` in 0..1 of any size. start_percent, end_percent: the part of
    sampling in which it acts. both: the negative side gets it too where it has none of its own.
    """

    net: ControlRecipe
    hint: "torch.Tensor"
    strength: float = 1.0
    start_percent: float = 0.0
    end_percent: float = 1.0
    both: bool = False


@dataclass(frozen=True, eq=False)
class TextBox:
    """What is to be where: `text` float32 `[1, width]`, pooled and not projected."""

    text: "torch.Tensor"
    area: Area


@dataclass(frozen=True, eq=False)
class Grounding:
    """Boxes for a GLIGEN network, at most 30."""

    net: GligenRecipe
    boxes: tuple[TextBox, ...] = ()


@dataclass(frozen=True, eq=False)
class ConditioningEntry:
    """One embedding and its settings.

    embedding: float32 `[1, tokens, width]`, or a row for each image.
    pooled: float32 `[rows, width]` or None.
    mask: float32 `[batch or 1, height, width]`, any size, resized to the latent bilinearly.
    start_percent, end_percent: the part of sampling in which the entry is active, 0..1.
    steps: ranges [from, until) of the sampler's steps in which it is active; None is all.
    guidance: factor of cfg where the entry stands on the positive side.
    sizes, image_prompts, extra: what models of some families want to know besides.
    controls: all of them act. grounding: what is to be where.
    hooks: change the model's weights for this entry. within: the part of sampling, from and until,
    that its text was encoded for; the entry is active where that and its own part overlap.
    default: it counts where the others' weights leave room, whatever its own area and mask.
    """

    embedding: "torch.Tensor"
    pooled: "torch.Tensor | None" = None
    area: Area | AreaFraction | None = None
    strength: float = 1.0
    mask: "torch.Tensor | None" = None
    mask_strength: float = 1.0
    mask_bounds: bool = False
    start_percent: float = 0.0
    end_percent: float = 1.0
    steps: tuple[tuple[int, int], ...] | None = None
    guidance: float = 1.0
    sizes: Sizes | None = None
    image_prompts: tuple[ImagePrompt, ...] = ()
    extra: ExtraImage | None = None
    controls: tuple[Control, ...] = ()
    hooks: Hooks = ()
    within: tuple[float, float] = (0.0, 1.0)
    grounding: Grounding | None = None
    default: bool = False


Conditioning: TypeAlias = tuple[ConditioningEntry, ...]
