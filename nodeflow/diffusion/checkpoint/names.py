"""Which weight of a file becomes which of a module, and what a file holds besides."""

from collections.abc import Iterable
from typing import Any

from nodeflow.diffusion.checkpoint import ldm_keys
from nodeflow.diffusion.checkpoint.diffusers_names import diffusers_names
from nodeflow.diffusion.checkpoint.layout import Naming
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
