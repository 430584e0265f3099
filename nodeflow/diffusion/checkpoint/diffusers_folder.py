"""Diffusers folders: `unet/`, `vae/`, `text_encoder/`, each with a config and weights."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.layout import tower_of
from nodeflow.diffusion.checkpoint.sizes import check_text, check_unet, check_vae
from nodeflow.diffusion.recipe import Prediction, Tower
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.unet.config import Depth, UNetConfig, gathered
from nodeflow.diffusion.vae.config import VAEConfig

Part = Literal["unet", "vae", "text_encoder", "text_encoder_2", "image_encoder"]
TextPart = Literal["text_encoder", "text_encoder_2"]
TEXT_PARTS: tuple[TextPart, ...] = ("text_encoder", "text_encoder_2")
STEMS: dict[Part, str] = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "text_encoder_2": "model",
    "image_encoder": "model",
}
PREDICTIONS = {
    "epsilon": Prediction.EPS,
    "v_prediction": Prediction.V,
    "sample": Prediction.X0,
}
DEPTH_OF_H = 24


@dataclass(frozen=True, slots=True)
class SchedulerFacts:
    """What a folder's scheduler and autoencoder say beside their weights."""

    prediction: Prediction | None
    scale_factor: float | None
    zero_snr: bool


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


def part_files(folder: Path, part: Part) -> tuple[Path, ...]:
    """The weights of a part: shards by their index, or one file; full ones before fp16 ones.

    Pickled ones where there are no safetensors; whoever reads them asks whether that is allowed.
    """
    stem = STEMS[part]
    pickled = stem if stem.startswith("diffusion_") else f"pytorch_{stem}"
    for whole in (f"{stem}.safetensors", f"{pickled}.bin"):
        for index in (f"{whole}.index.json", f"{whole}.index.fp16.json"):
            if (folder / part / index).is_file():
                return _shards(folder / part, index)
        name, suffix = whole.rsplit(".", 1)
        for file in (whole, f"{name}.fp16.{suffix}"):
            if (folder / part / file).is_file():
                return (folder / part / file,)
    raise CheckpointError(f"its {part}/ has no {stem}.safetensors")


def _shards(folder: Path, index: str) -> tuple[Path, ...]:
    listed = read_json(folder / index).get("weight_map")
    if not isinstance(listed, dict):
        raise CheckpointError(f"its {folder.name}/{index} has no weight_map")
    files = [folder / Path(name).name for name in sorted({str(name) for name in listed.values()})]
    missing = [file.name for file in files if not file.is_file()]
    if missing or not files:
        raise CheckpointError(
            f"its {folder.name}/ lacks the shards {', '.join(missing) or 'all of them'}"
        )
    return tuple(files)


def _per_level(value: Any, levels: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, list) else (int(value),) * levels


def _depths(value: Any, kinds: list[str]) -> tuple[Depth, ...]:
    """Depth of each level: one number, one a level, or one a layer; 0 without attention."""
    each = value if isinstance(value, list) else [value] * len(kinds)
    return tuple(
        (gathered(tuple(depth)) if isinstance(depth, list) else int(depth))
        if "CrossAttn" in kind
        else 0
        for depth, kind in zip(each, kinds, strict=True)
    )


def _up_depths(data: dict[str, Any], down: tuple[Depth, ...]) -> tuple[Depth, ...] | None:
    """The way up's depths where they are not the way down's, by level."""
    above = data.get("reverse_transformer_layers_per_block")
    kinds = data["up_block_types"]
    if above is None:
        crossed = ["CrossAttn" in kind for kind in reversed(kinds)]
        return None if crossed == [depth != 0 for depth in down] else _mirrored(down, crossed)
    return _depths(above, kinds)[::-1]


def _mirrored(down: tuple[Depth, ...], crossed: list[bool]) -> tuple[Depth, ...]:
    deepest = [max(depth) if isinstance(depth, tuple) else depth for depth in down]
    return tuple(depth if has else 0 for depth, has in zip(deepest, crossed, strict=True))


def _middle(data: dict[str, Any], depths: tuple[Depth, ...]) -> tuple[int, int]:
    """(depth of the middle's attention, its resnets)."""
    kind = data.get("mid_block_type", "UNetMidBlock2DCrossAttn")
    if kind is None:
        return 0, 0
    if kind == "UNetMidBlock2D":
        return 0, 1
    value = data.get("transformer_layers_per_block", 1)
    last = value[-1] if isinstance(value, list) else value
    above = data.get("reverse_transformer_layers_per_block")
    if isinstance(last, list):
        last = above[0][0] if isinstance(above, list) and isinstance(above[0], list) else last[-1]
    return int(last), 2


def _cross_only(data: dict[str, Any], levels: int) -> tuple[bool, ...]:
    value = data.get("only_cross_attention", False)
    each = tuple(value) if isinstance(value, list) else (bool(value),) * levels
    return each if any(each) else ()


def unet_config(folder: Path) -> UNetConfig:
    """The UNet's sizes. `attention_head_dim` there is the number of heads, by a known mishap."""
    data = read_json(folder / "unet" / "config.json")
    try:
        widths = tuple(data["block_out_channels"])
        depths = _depths(data.get("transformer_layers_per_block", 1), data["down_block_types"])
        heads = data.get("num_attention_heads") or data.get("attention_head_dim", 8)
        mid_depth, mid_resnets = _middle(data, depths)
        projected = data.get("class_embed_type") == "projection"
        if data.get("addition_embed_type") not in (None, "text_time"):
            raise CheckpointError(
                f"its unet/config.json asks for {data['addition_embed_type']}, which is not known"
            )
        labelled = projected or data.get("addition_embed_type") == "text_time"
        config = UNetConfig(
            in_channels=data.get("in_channels", 4),
            out_channels=data.get("out_channels", 4),
            block_out_channels=widths,
            layers_per_block=data.get("layers_per_block", 2),
            transformer_depth=depths,
            up_transformer_depth=_up_depths(data, depths),
            mid_depth=mid_depth,
            mid_resnets=mid_resnets,
            heads=_per_level(heads, len(widths)),
            context_width=data["cross_attention_dim"],
            linear_projection=data.get("use_linear_projection", False),
            label_width=data.get("projection_class_embeddings_input_dim") if labelled else None,
            label_classes=data.get("num_class_embeds"),
            cross_only=_cross_only(data, len(widths)),
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


def text_encoders(folder: Path) -> tuple[TextPart, ...]:
    """The text encoders that a folder has."""
    return tuple(part for part in TEXT_PARTS if (folder / part / "config.json").is_file())


def text_config(folder: Path, part: TextPart) -> tuple[Tower, TextConfig]:
    """A text encoder's role and sizes."""
    data = read_json(folder / part / "config.json")
    projected = "CLIPTextModelWithProjection" in data.get("architectures", ())
    try:
        width, layers = data["hidden_size"], data["num_hidden_layers"]
        tower = Tower.G if part == "text_encoder_2" else tower_of(width)
        config = TextConfig(
            vocabulary=data.get("vocab_size", 49408),
            positions=data.get("max_position_embeddings", 77),
            width=width,
            layers=layers,
            heads=data["num_attention_heads"],
            inner=data["intermediate_size"],
            activation="quick_gelu" if data.get("hidden_act") == "quick_gelu" else "gelu",
            projection=data.get("projection_dim", 512) if projected else None,
            trimmed=1 if tower is Tower.H and layers == DEPTH_OF_H - 1 else 0,
        )
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"its {part}/config.json lacks {error}") from None
    return tower, check_text(config)


def settings(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of its scheduler and of its autoencoder, empty where there are none."""
    scheduler = folder / "scheduler" / "scheduler_config.json"
    vae = folder / "vae" / "config.json"
    return (
        read_json(scheduler) if scheduler.is_file() else {},
        read_json(vae) if vae.is_file() else {},
    )


def scheduler_facts(folder: Path) -> SchedulerFacts:
    """The prediction of its scheduler and the scale of its autoencoder. Raises CheckpointError."""
    scheduler, vae = settings(folder)
    kind = scheduler.get("prediction_type")
    if kind is not None and str(kind) not in PREDICTIONS:
        known = ", ".join(PREDICTIONS)
        raise CheckpointError(f"its scheduler says that it predicts {kind!r}; known are {known}")
    scale = vae.get("scaling_factor")
    if scale is not None and (type(scale) not in (int, float) or not 0 < scale < 1e6):
        raise CheckpointError(f"its vae/config.json has the scaling_factor {scale!r}")
    zero_snr = scheduler.get("rescale_betas_zero_snr") is True
    return SchedulerFacts(
        None if kind is None else PREDICTIONS[str(kind)],
        None if scale is None else float(scale),
        zero_snr,
    )
