"""Which weight of a file becomes which of a module, and what a file holds besides."""

from collections.abc import Iterable
from typing import Any

from nodeflow.diffusion.checkpoint import ldm_keys
from nodeflow.diffusion.checkpoint.diffusers_names import diffusers_names
from nodeflow.diffusion.checkpoint.layout import Layout, Naming
from nodeflow.diffusion.checkpoint.openclip_keys import openclip_names
from nodeflow.diffusion.checkpoint.parts import Part
from nodeflow.diffusion.checkpoint.stored import Names, Stored
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.vae.config import VAEConfig
from nodeflow.diffusion.vision.config import VisionConfig

NO_WEIGHTS = (
    "position_ids", "attn_mask", "logit_scale", "token_ids", "model_ema.decay",
    "model_ema.num_updates", "visual_projection.weight",
)  # fmt: skip
"""Ends of names that other tools write and no network needs."""
LEFTOVERS = (
    "model_ema.", "betas", "alphas_cumprod", "sqrt_", "log_one_minus_alphas_cumprod", "posterior_",
    "logvar", "global_step", "scale_factor", "denoiser.sigmas", "low_scale_model.", "depth_model.",
    "embedder.model.", "noise_augmentor.", "v_pred", "ztsnr", "edm_",
)  # fmt: skip
"""Beginnings of names beside the networks of published files: what trainers keep of schedules and
averages, networks that make a model's pictures, markers that are read elsewhere."""
IMAGE_TOWER, TEXT_TOWER = ("vision_model.", "visual."), ("text_model.", "text_projection")


def names_of(part: Part[Any], ours: Iterable[str]) -> Names:
    """Our names to the file's, for the weights of a module made for the part."""
    prefix, present = part.place.prefix, part.header.tensors
    match part.place.naming, part.config:
        case Naming.LDM, UNetConfig():
            return {o: Stored(prefix + t) for t, o in ldm_keys.unet_key_map(part.config).items()}
        case Naming.LDM, VAEConfig():
            return {o: Stored(prefix + t) for t, o in ldm_keys.vae_key_map(part.config).items()}
        case Naming.OPENCLIP, _:
            return openclip_names(ours, prefix, present)
    return diffusers_names(ours, prefix, present)


def unused(part: Part[Any], names: Names) -> list[str]:
    """Tensors below the part's prefix that no weight of the module comes from."""
    used = {stored.name for stored in names.values()}
    prefix = part.place.prefix
    other = TEXT_TOWER if isinstance(part.config, VisionConfig) else IMAGE_TOWER
    return sorted(
        name
        for name in part.own()
        if name not in used
        and not name.endswith(NO_WEIGHTS)
        and not name.removeprefix(prefix).startswith(other)
    )


def outside(names: Iterable[str], layout: Layout) -> list[str]:
    """Tensors of a whole checkpoint that belong to none of its networks, nor to what files are
    known to hold besides."""
    places = [layout.unet, layout.vae, *layout.text.values(), layout.vision]
    known = (*(place.prefix for place in places if place is not None), *LEFTOVERS)
    return sorted(name for name in names if not name.startswith(known))
