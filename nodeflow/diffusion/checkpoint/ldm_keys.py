"""Names of weights in Stable Diffusion's single files ("LDM layout") and in our modules.

The layout is that of CompVis/latent-diffusion: UNet blocks numbered in the order in which
they run, autoencoder levels numbered by resolution. Pure functions of the configuration.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import torch

from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.encoder import UNetEncoder
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.config import VAEConfig
from nodeflow.diffusion.vae.model import AutoencoderKL

UNET_PREFIX = "model.diffusion_model."
VAE_PREFIX = "first_stage_model."
TEXT_PREFIX = "cond_stage_model.transformer."

_UNET_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_VAE_RESNET = {"conv_shortcut": "nin_shortcut"}
_VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}


def _unet_stems(config: UNetConfig) -> Iterator[tuple[str, str]]:
    """Pairs of module names, ours first."""
    yield "conv_in", "input_blocks.0.0"
    yield "time_embedding.linear_1", "time_embed.0"
    yield "time_embedding.linear_2", "time_embed.2"
    yield "add_embedding.linear_1", "label_emb.0.0"
    yield "add_embedding.linear_2", "label_emb.0.2"
    yield "class_embedding", "label_emb"
    yield "conv_norm_out", "out.0"
    yield "conv_out", "out.2"
    levels, layers = len(config.block_out_channels), config.layers_per_block
    number = 1
    for level in range(levels):
        for layer in range(layers):
            yield f"down_blocks.{level}.resnets.{layer}", f"input_blocks.{number}.0"
            yield f"down_blocks.{level}.attentions.{layer}", f"input_blocks.{number}.1"
            number += 1
        if level < levels - 1:
            yield f"down_blocks.{level}.downsamplers.0.conv", f"input_blocks.{number}.0.op"
            number += 1
    last = 2 if config.mid_depth else 1
    yield "mid_block.resnets.0", "middle_block.0"
    yield "mid_block.attentions.0", "middle_block.1"
    yield "mid_block.resnets.1", f"middle_block.{last}"
    number = 0
    for block in range(levels):
        depth = config.up_depths(levels - 1 - block)[-1]
        for layer in range(layers + 1):
            yield f"up_blocks.{block}.resnets.{layer}", f"output_blocks.{number}.0"
            yield f"up_blocks.{block}.attentions.{layer}", f"output_blocks.{number}.1"
            number += 1
        up = 2 if depth else 1
        yield f"up_blocks.{block}.upsamplers.0.conv", f"output_blocks.{number - 1}.{up}.conv"


def _vae_stems(config: VAEConfig) -> Iterator[tuple[str, str]]:
    levels = len(config.block_out_channels)
    for name in ("encoder", "decoder"):
        yield f"{name}.conv_in", f"{name}.conv_in"
        yield f"{name}.conv_norm_out", f"{name}.norm_out"
        yield f"{name}.conv_out", f"{name}.conv_out"
        yield f"{name}.mid_block.resnets.0", f"{name}.mid.block_1"
        yield f"{name}.mid_block.attentions.0", f"{name}.mid.attn_1"
        yield f"{name}.mid_block.resnets.1", f"{name}.mid.block_2"
    for block in range(levels):
        for layer in range(config.layers_per_block + 1):
            ours = f"down_blocks.{block}.resnets.{layer}"
            yield f"encoder.{ours}", f"encoder.down.{block}.block.{layer}"
            up = f"decoder.up.{levels - 1 - block}"
            yield f"decoder.up_blocks.{block}.resnets.{layer}", f"{up}.block.{layer}"
        down = f"encoder.down_blocks.{block}.downsamplers.0.conv"
        yield down, f"encoder.down.{block}.downsample.conv"
        yield f"decoder.up_blocks.{block}.upsamplers.0.conv", f"{up}.upsample.conv"
    yield "quant_conv", "quant_conv"
    yield "post_quant_conv", "post_quant_conv"


def _translate(key: str, stems: dict[str, str], inner: dict[str, dict[str, str]]) -> str:
    parts = key.split(".")
    for count in range(len(parts) - 1, 0, -1):
        stem = ".".join(parts[:count])
        if stem in stems:
            break
    else:
        raise KeyError(key)
    rest = ".".join(parts[count:])
    for kind, names in inner.items():
        if f".{kind}." in f".{stem}.":
            for ours, theirs in names.items():
                if rest.startswith(ours + "."):
                    rest = theirs + rest[len(ours) :]
                    break
    return f"{stems[stem]}.{rest}"


@lru_cache(maxsize=4)  # an adapter at another strength asks twice
def unet_key_map(config: UNetConfig) -> Mapping[str, str]:
    """LDM name (without `model.diffusion_model.`) to our name, for every weight."""
    with torch.device("meta"):
        keys = list(UNet2DConditionModel(config).state_dict())
    stems, inner = dict(_unet_stems(config)), {"resnets": _UNET_RESNET}
    return {_translate(key, stems, inner): key for key in keys}


def encoder_key_map(config: UNetConfig) -> dict[str, str]:
    """The same for the half that control nets have."""
    with torch.device("meta"):
        keys = list(UNetEncoder(config).state_dict())
    stems, inner = dict(_unet_stems(config)), {"resnets": _UNET_RESNET}
    return {_translate(key, stems, inner): key for key in keys}


def vae_key_map(config: VAEConfig) -> dict[str, str]:
    """LDM name (without `first_stage_model.`) to our name, for every weight.

    The four attention projections are 1x1 convolutions there and linear layers here.
    """
    with torch.device("meta"):
        keys = list(AutoencoderKL(config).state_dict())
    inner = {"resnets": _VAE_RESNET, "attentions": _VAE_ATTENTION}
    stems = dict(_vae_stems(config))
    return {_translate(key, stems, inner): key for key in keys}
