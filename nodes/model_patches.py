"""Changes to a model's forward pass and to its guidance by it."""

from dataclasses import replace
from typing import Annotated, Literal

from nodeflow.node import Range, node
from nodeflow.values import Model, foreseen

CATEGORY = "model_patches/unet"
SAME = foreseen.passed(("MODEL", "model"))
Resampling = Literal["bicubic", "nearest-exact", "bilinear", "area", "bislerp"]
Factor = Annotated[float, Range(0.0, 10.0, step=0.01)]


@node(
    "PerturbedAttentionGuidance",
    category=CATEGORY,
    store=False,
    infer=SAME,
)
def perturbed_attention_guidance(
    model: Model, scale: Annotated[float, Range(0.0, 100.0, step=0.01)] = 3.0
) -> Model:
    """Clearer structure, by guidance away from a prediction that lacks it; costs a third row.

    Args:
        model: the model.
        scale: 0 changes nothing, 3 is usual; works beside cfg and without it.
    """
    from nodeflow.diffusion.guidance.perturbed import PerturbedAttention

    return replace(model, patches=(*model.patches, PerturbedAttention(scale)))


@node("FreeU", category=CATEGORY, store=False, infer=SAME)
def free_u(
    model: Model, b1: Factor = 1.1, b2: Factor = 1.2, s1: Factor = 0.9, s2: Factor = 0.2
) -> Model:
    """Richer pictures, by the balance of the UNet's two ways; costs nearly no time.

    Args:
        model: the model.
        b1: backbone factor at the widest features, 1 changes nothing.
        b2: backbone factor one level above.
        s1: factor of the skips' low frequencies at the widest features, 1 changes nothing.
        s2: the same one level above.
    """
    from nodeflow.diffusion.patches.freeu import FreeU

    return replace(model, patches=(*model.patches, FreeU(b1, b2, s1, s2)))


@node("FreeU_V2", category=CATEGORY, store=False, infer=SAME)
def free_u_v2(
    model: Model, b1: Factor = 1.3, b2: Factor = 1.4, s1: Factor = 0.9, s2: Factor = 0.2
) -> Model:
    """FreeU that strengthens where the features have structure.

    Args:
        model: the model.
        b1: backbone factor at the widest features, 1 changes nothing.
        b2: backbone factor one level above.
        s1: factor of the skips' low frequencies at the widest features, 1 changes nothing.
        s2: the same one level above.
    """
    from nodeflow.diffusion.patches.freeu import FreeU

    return replace(model, patches=(*model.patches, FreeU(b1, b2, s1, s2, structure=True)))


@node(
    "DifferentialDiffusion",
    category="model_patches",
    store=False,
    infer=SAME,
)
def differential_diffusion(
    model: Model, strength: Annotated[float, Range(0.0, 1.0, step=0.01)] = 1.0
) -> Model:
    """Grey masks mean how much of the sampling changes a place, not how much is blended.

    Args:
        model: the model.
        strength: 0 is the plain mask, 1 is the step's.
    """
    from nodeflow.diffusion.sampling.differential import DifferentialDiffusion

    return replace(model, patches=(*model.patches, DifferentialDiffusion(strength)))


@node(
    "SelfAttentionGuidance",
    category=CATEGORY,
    store=False,
    infer=SAME,
)
def self_attention_guidance(
    model: Model,
    scale: Annotated[float, Range(-2.0, 5.0, step=0.01)] = 0.5,
    blur_sigma: Annotated[float, Range(0.0, 10.0, step=0.1)] = 2.0,
) -> Model:
    """Finer detail, by guidance away from a picture blurred where the model looks; two rows more.

    Args:
        model: the model.
        scale: 0 changes nothing.
        blur_sigma: of the blur, in cells of the latent (8 pixels each).
    """
    from nodeflow.diffusion.guidance.self_attention import SelfAttention

    return replace(model, patches=(*model.patches, SelfAttention(scale, blur_sigma)))


@node(
    "APG",
    category="sampling/custom_sampling",
    store=False,
    infer=SAME,
)
def adaptive_projected_guidance(
    model: Model,
    eta: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0,
    norm_threshold: Annotated[float, Range(0.0, 50.0, step=0.1)] = 5.0,
    momentum: Annotated[float, Range(-5.0, 1.0, step=0.01)] = 0.0,
) -> Model:
    """Strong guidance without burnt colours.

    Args:
        model: the model.
        eta: how much of the part that only strengthens the positive side is kept; 1 is all.
        norm_threshold: the difference of the two sides is no longer than this; 0 sets no limit.
        momentum: of the difference over the steps; negative works against the steps before.
    """
    from nodeflow.diffusion.guidance.projected import ProjectedGuidance

    return replace(
        model, patches=(*model.patches, ProjectedGuidance(eta, norm_threshold, momentum))
    )


@node(
    "HyperTile",
    category="model_patches/unet",
    store=False,
    infer=SAME,
)
def hyper_tile(
    model: Model,
    tile_size: Annotated[int, Range(1, 2048)] = 256,
    swap_size: Annotated[int, Range(1, 128)] = 2,
    max_depth: Annotated[int, Range(0, 10)] = 0,
    scale_depth: bool = False,
) -> Model:
    """Faster large pictures: attention within tiles.

    Args:
        model: the model.
        tile_size: smallest side of a tile in pixels.
        swap_size: how many divisions into tiles the layers choose among.
        max_depth: down to which level it acts, 0 is full resolution alone.
        scale_depth: deeper levels have tiles of the same number of features.
    """
    from nodeflow.diffusion.patches.hypertile import HyperTile

    patch = HyperTile(tile_size, swap_size, max_depth, scale_depth)
    return replace(model, patches=(*model.patches, patch))


@node(
    "TomePatchModel",
    category="model_patches/unet",
    store=False,
    infer=SAME,
)
def token_merging(model: Model, ratio: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.3) -> Model:
    """Faster pictures: like cells are merged for attention.

    Args:
        model: the model.
        ratio: of the cells that are merged; 0 changes nothing, 0.75 is the most that has effect.
    """
    from nodeflow.diffusion.patches.token_merging import TokenMerging

    return replace(model, patches=(*model.patches, TokenMerging(ratio)))


@node(
    "PatchModelAddDownscale",
    category="model_patches/unet",
    store=False,
    infer=SAME,
)
def patch_model_add_downscale(
    model: Model,
    block_number: Annotated[int, Range(1, 32)] = 3,
    downscale_factor: Annotated[float, Range(0.1, 9.0, step=0.001)] = 2.0,
    start_percent: Annotated[float, Range(0.0, 1.0, step=0.001)] = 0.0,
    end_percent: Annotated[float, Range(0.0, 1.0, step=0.001)] = 0.35,
    downscale_after_skip: bool = True,
    downscale_method: Resampling = "bicubic",
    upscale_method: Resampling = "bicubic",
) -> Model:
    """One composition in pictures above the training size: smaller features in the first steps.

    Args:
        model: the model.
        block_number: the step of the way down behind which features are smaller.
        downscale_factor: by how much.
        start_percent: where in the sampling it begins.
        end_percent: where it ends.
        downscale_after_skip: what that step hands across keeps its size.
        downscale_method: how features are made smaller.
        upscale_method: how they are made as large again.
    """
    from nodeflow.diffusion.patches.downscale import Downscale

    patch = Downscale(
        block_number,
        downscale_factor,
        start_percent,
        end_percent,
        downscale_after_skip,
        downscale_method,
        upscale_method,
    )
    return replace(model, patches=(*model.patches, patch))
