"""Diffusers folders: `unet/`, `vae/`, `text_encoder/`, each with a config and safetensors."""

import json
from pathlib import Path
from typing import Any, Literal

from nodeflow.diffusion.checkpoint.detect import ModelFacts
from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.sizes import check_text, check_unet, check_vae
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.vae.config import VAEConfig

Part = Literal["unet", "vae", "text_encoder"]
STEMS: dict[Part, str] = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
}
PREDICTIONS = {
    "epsilon": Prediction.EPS,
    "v_prediction": Prediction.V,
    "sample": Prediction.X0,
}
OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def read_json(path: Path) -> dict[str, Any]:
    """A JSON mapping. Raises CheckpointError where there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"its {path.parent.name}/{path.name} cannot be read: {error}"
        ) from None
    if not isinstance(data, dict):
        raise CheckpointError(f"its {path.parent.name}/{path.name} is no mapping")
    return data


def part_files(folder: Path, part: Part) -> list[Path]:
    """The safetensors of a part: one file, its fp16 variant, or shards by their index."""
    stem = STEMS[part]
    index = folder / part / f"{stem}.safetensors.index.json"
    if index.is_file():
        listed = read_json(index).get("weight_map")
        if not isinstance(listed, dict):
            raise CheckpointError(f"its {part}/{index.name} has no weight_map")
        shards = sorted({str(name) for name in listed.values()})
        files = [folder / part / Path(name).name for name in shards]
        missing = [file.name for file in files if not file.is_file()]
        if missing or not files:
            raise CheckpointError(f"its {part}/ lacks the shards {', '.join(missing) or 'all'}")
        return files
    for name in (f"{stem}.safetensors", f"{stem}.fp16.safetensors"):
        if (folder / part / name).is_file():
            return [folder / part / name]
    raise CheckpointError(f"its {part}/ has no {stem}.safetensors")


def _per_level(value: Any, levels: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, list) else (int(value),) * levels


def unet_config(folder: Path) -> UNetConfig:
    """The UNet's sizes. `attention_head_dim` there is the number of heads, by a known mishap."""
    data = read_json(folder / "unet" / "config.json")
    try:
        widths = tuple(data["block_out_channels"])
        depths = _per_level(data.get("transformer_layers_per_block", 1), len(widths))
        crossed = ["CrossAttn" in kind for kind in data["down_block_types"]]
        heads = data.get("num_attention_heads") or data.get("attention_head_dim", 8)
        config = UNetConfig(
            in_channels=data.get("in_channels", 4),
            out_channels=data.get("out_channels", 4),
            block_out_channels=widths,
            layers_per_block=data.get("layers_per_block", 2),
            transformer_depth=tuple(
                depth if has else 0 for depth, has in zip(depths, crossed, strict=True)
            ),
            mid_depth=depths[-1],
            heads=_per_level(heads, len(widths)),
            context_width=data["cross_attention_dim"],
            linear_projection=data.get("use_linear_projection", False),
            label_width=data.get("projection_class_embeddings_input_dim"),
            norm_groups=data.get("norm_num_groups", 32),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise CheckpointError(f"its unet/config.json is not understood: {error}") from None
    return check_unet(config)


def vae_config(folder: Path) -> VAEConfig:
    """The autoencoder's sizes."""
    data = read_json(folder / "vae" / "config.json")
    try:
        config = VAEConfig(
            in_channels=data.get("in_channels", 3),
            out_channels=data.get("out_channels", 3),
            latent_channels=data.get("latent_channels", 4),
            block_out_channels=tuple(data["block_out_channels"]),
            layers_per_block=data.get("layers_per_block", 2),
            norm_groups=data.get("norm_num_groups", 32),
        )
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"its vae/config.json is not understood: {error}") from None
    return check_vae(config)


def text_config(folder: Path) -> TextConfig:
    """The text encoder's sizes."""
    data = read_json(folder / "text_encoder" / "config.json")
    try:
        config = TextConfig(
            vocabulary=data.get("vocab_size", 49408),
            positions=data.get("max_position_embeddings", 77),
            width=data["hidden_size"],
            layers=data["num_hidden_layers"],
            heads=data["num_attention_heads"],
            inner=data["intermediate_size"],
            activation="quick_gelu" if data.get("hidden_act") == "quick_gelu" else "gelu",
        )
    except KeyError as error:
        raise CheckpointError(f"its text_encoder/config.json lacks {error}") from None
    return check_text(config)


def model_facts(folder: Path) -> ModelFacts:
    """The prediction of its scheduler and the scale of its autoencoder."""
    scheduler = folder / "scheduler" / "scheduler_config.json"
    settings = read_json(scheduler) if scheduler.is_file() else {}
    kind = settings.get("prediction_type")
    scale = read_json(folder / "vae" / "config.json").get("scaling_factor", 0.18215)
    if type(scale) not in (int, float) or not 0 < scale < 1e6:
        raise CheckpointError(f"its vae/config.json has the scaling_factor {scale!r}")
    zero_snr = settings.get("rescale_betas_zero_snr") is True
    return ModelFacts(PREDICTIONS.get(str(kind), Prediction.EPS), float(scale), zero_snr)


def stored_name(ours: str, present: set[str]) -> str:
    """The name a weight has in the file.

    Old autoencoders call the attention's projections otherwise, and transformers 5 writes text
    encoders without `text_model.`.
    """
    if ours in present:
        return ours
    if ours.removeprefix("text_model.") in present:
        return ours.removeprefix("text_model.")
    for old, new in OLD_ATTENTION.items():
        renamed = ours.replace(f".{new}.", f".{old}.")
        if renamed != ours and renamed in present:
            return renamed
    return ours
