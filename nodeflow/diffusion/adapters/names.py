"""The names under which adapters of all trainers speak of a module's weights.

kohya's and LyCORIS's files write a module's path with underscores behind a prefix
(`lora_unet_down_blocks_0_…`), of diffusers' names or, for SDXL, of the single file's. PEFT's and
diffusers' files keep the dots (`unet.down_blocks.0.….lora_A.weight`).
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Target(StrEnum):
    """The part of a model that an adapter's entry is for."""

    UNET = "unet"
    TEXT = "text encoder"
    TEXT_2 = "second text encoder"


PREFIXES: Mapping[Target, tuple[str, ...]] = {
    Target.UNET: (
        "lora_unet_",
        "lycoris_",
        "oft_unet_",
        "unet.",
        "diffusion_model.",
        "base_model.model.",
        "lora_weights.unet.",
        "",
    ),  # fmt: skip
    Target.TEXT: ("lora_te_", "lora_te1_", "text_encoder.", "text_encoders.clip_l.transformer."),
    Target.TEXT_2: ("lora_te2_", "text_encoder_2.", "text_encoders.clip_g.transformer."),
}
"""Prefixes of module names; those that end with an underscore go with flattened paths."""

_PROCESSOR = re.compile(r"\.processor\.(to_[qkv]|to_out)_lora$")
_TEXT_PROJECTION = re.compile(r"\.self_attn\.to_(q|k|v|out)_lora$")


def without_processor(stem: str) -> str:
    """Old diffusers' names (`attn1.processor.to_q_lora`) as those of the layers they change."""
    match = _PROCESSOR.search(stem)
    if match:
        layer = "to_out.0" if match[1] == "to_out" else match[1]
        return f"{stem[: match.start()]}.{layer}"
    match = _TEXT_PROJECTION.search(stem)
    if match:
        return f"{stem[: match.start()]}.self_attn.{match[1]}_proj"
    return stem


def module_aliases(
    target: Target, modules: Iterable[str], stored: Mapping[str, str]
) -> dict[str, str]:
    """Every stem that a file may use for a module of ours, to our name of that module.

    modules: names of our modules with weights; stored: the single file's module names to ours.
    """
    named = [(name, name) for name in modules] + list(stored.items())
    aliases: dict[str, str] = {}
    for prefix in PREFIXES[target]:
        flat = prefix.endswith("_")
        for theirs, ours in named:
            aliases.setdefault(prefix + (theirs.replace(".", "_") if flat else theirs), ours)
    return aliases
