"""The sizes of the networks in a file, from the shapes of their weights and the metadata."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import count
from typing import Any, TypeVar

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header
from nodeflow.diffusion.checkpoint.sizes import check_text, check_unet, check_vae
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.vae.config import VAEConfig

C = TypeVar("C", UNetConfig, VAEConfig, TextConfig)


def stored_config(kind: type[C], metadata: Mapping[str, str], key: str) -> C | None:
    """A configuration that the file's metadata spell out, or None."""
    if key not in metadata:
        return None
    try:
        data: dict[str, Any] = json.loads(metadata[key])
        known = {field.name for field in fields(kind)}
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in known
        }
        return kind(**values)
    except (ValueError, TypeError, AttributeError):
        raise CheckpointError(f"its metadata entry '{key}' is no configuration") from None


def numbered(header: Header, prefix: str) -> int:
    """How many items `prefix0.`, `prefix1.` … a file has, counted up to the first gap."""
    found = {
        name[len(prefix) :].split(".", 1)[0] for name in header.tensors if name.startswith(prefix)
    }
    return next(n for n in count() if str(n) not in found)


def _shape(header: Header, name: str, dimensions: int) -> tuple[int, ...]:
    shape = header.shape(name)
    if shape is None:
        raise CheckpointError(f"'{name}' is missing")
    if len(shape) != dimensions:
        raise CheckpointError(f"'{name}' has the shape {list(shape)}")
    return shape


def unet_config(header: Header, prefix: str) -> UNetConfig:
    """The UNet's sizes out of its LDM names."""
    stored = stored_config(UNetConfig, header.metadata, "nodeflow.unet")
    if stored is not None:
        return check_unet(stored)
    first = _shape(header, f"{prefix}input_blocks.0.0.weight", 4)
    blocks = numbered(header, f"{prefix}input_blocks.")
    widths: list[int] = [first[0]]
    depths: list[int] = [0]
    layers = [0]
    for number in range(1, blocks):
        stem = f"{prefix}input_blocks.{number}."
        if f"{stem}0.op.weight" in header.tensors:
            widths.append(widths[-1])
            depths.append(0)
            layers.append(0)
            continue
        widths[-1] = _shape(header, f"{stem}0.out_layers.3.weight", 4)[0]
        depths[-1] = numbered(header, f"{stem}1.transformer_blocks.")
        layers[-1] += 1
    middle = numbered(header, f"{prefix}middle_block.1.transformer_blocks.")
    context = next(
        (
            info.shape[1]
            for name, info in header.tensors.items()
            if name.startswith(prefix)
            and name.endswith("attn2.to_k.weight")
            and len(info.shape) == 2
        ),
        0,
    )
    linear = any(
        name.startswith(prefix) and name.endswith("1.proj_in.weight") and len(info.shape) == 2
        for name, info in header.tensors.items()
    )
    label_name = f"{prefix}label_emb.0.0.weight"
    label = _shape(header, label_name, 2)[1] if label_name in header.tensors else None
    heads = (8,) * len(widths) if context == 768 else tuple(width // 64 for width in widths)
    config = UNetConfig(
        in_channels=first[1],
        out_channels=_shape(header, f"{prefix}out.2.weight", 4)[0],
        block_out_channels=tuple(widths),
        layers_per_block=layers[0],
        transformer_depth=tuple(depths),
        mid_depth=middle,
        heads=heads,
        context_width=context,
        linear_projection=linear,
        label_width=label,
    )
    return check_unet(config)


def vae_config(header: Header, prefix: str) -> VAEConfig:
    """The autoencoder's sizes out of its LDM names."""
    stored = stored_config(VAEConfig, header.metadata, "nodeflow.vae")
    if stored is not None:
        return check_vae(stored)
    levels = numbered(header, f"{prefix}encoder.down.")
    widths = tuple(
        _shape(header, f"{prefix}encoder.down.{i}.block.0.conv2.weight", 4)[0]
        for i in range(levels)
    )
    config = VAEConfig(
        in_channels=_shape(header, f"{prefix}encoder.conv_in.weight", 4)[1],
        out_channels=_shape(header, f"{prefix}decoder.conv_out.weight", 4)[0],
        latent_channels=_shape(header, f"{prefix}decoder.conv_in.weight", 4)[1],
        block_out_channels=widths,
        layers_per_block=numbered(header, f"{prefix}encoder.down.0.block."),
    )
    return check_vae(config)


def text_config(header: Header, prefix: str) -> TextConfig:
    """The text encoder's sizes; heads are 64 wide, as in every published CLIP."""
    stored = stored_config(TextConfig, header.metadata, "nodeflow.text")
    if stored is not None:
        return check_text(stored)
    stem = f"{prefix}text_model."
    positions, width = _shape(header, f"{stem}embeddings.position_embedding.weight", 2)
    config = TextConfig(
        vocabulary=_shape(header, f"{stem}embeddings.token_embedding.weight", 2)[0],
        positions=positions,
        width=width,
        layers=numbered(header, f"{stem}encoder.layers."),
        heads=width // 64,
        inner=_shape(header, f"{stem}encoder.layers.0.mlp.fc1.weight", 2)[0],
        activation="quick_gelu" if width <= 768 else "gelu",
    )
    return check_text(config)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a UNet predicts, how its latents are scaled, whether the last step is pure noise."""

    prediction: Prediction
    scale_factor: float
    zero_snr: bool = False


def model_facts(header: Header, config: UNetConfig) -> ModelFacts:
    """SD1 and everything unmarked predicts eps; the markers `v_pred` and `ztsnr` say otherwise."""
    prediction = Prediction.V if "v_pred" in header.tensors else Prediction.EPS
    return ModelFacts(prediction, 0.18215, "ztsnr" in header.tensors)


def supported(config: UNetConfig) -> None:
    """Raise CheckpointError for a family that cannot be run yet."""
    if config.in_channels != 4:
        raise CheckpointError(
            f"its UNet takes {config.in_channels} channels (an inpainting or editing model), "
            "which is not supported yet"
        )
    if config.label_width is not None:
        raise CheckpointError("it is of the SDXL family, which is not supported yet")
