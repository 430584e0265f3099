"""Refusing sizes that no network can have, before one is built of them."""

from collections.abc import Iterable

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.vae.config import VAEConfig
from nodeflow.diffusion.vision.config import VisionConfig

WIDEST = 1 << 17
DEEPEST = 100


def _count(name: str, value: object, most: int, least: int = 1) -> None:
    if type(value) is not int or not least <= value <= most:
        raise CheckpointError(f"its {name} is {value!r}, which is no size of a network")


def _levels(name: str, values: object, most: int, least: int = 1) -> None:
    if not isinstance(values, tuple) or not 1 <= len(values) <= DEEPEST:
        raise CheckpointError(f"its {name} is {values!r}, which is no list of sizes")
    for value in values:
        _count(name, value, most, least)


def _depths(name: str, values: object, levels: int, layers: int) -> None:
    if not isinstance(values, tuple) or len(values) != levels:
        raise CheckpointError(f"its {name} is {values!r}, which is no depth for {levels} levels")
    for value in values:
        each = value if isinstance(value, tuple) else (value,) * layers
        if len(each) != layers:
            raise CheckpointError(f"its {name} has {len(each)} depths for {layers} layers")
        for depth in each:
            _count(name, depth, DEEPEST, least=0)


def _divided(name: str, widths: Iterable[int], by: Iterable[int]) -> None:
    for width, parts in zip(widths, by, strict=True):
        if width % parts:
            raise CheckpointError(f"its width {width} is not divisible into {parts} {name}")


def check_unet(config: UNetConfig) -> UNetConfig:
    """The same configuration. Raises CheckpointError where no UNet can have it."""
    widths = config.block_out_channels
    _levels("block_out_channels", widths, WIDEST)
    layers = config.layers_per_block
    _count("layers_per_block", layers, DEEPEST)
    _depths("transformer_depth", config.transformer_depth, len(widths), layers)
    if config.up_transformer_depth is not None:
        _depths("up_transformer_depth", config.up_transformer_depth, len(widths), layers + 1)
    _levels("heads", config.heads, WIDEST)
    _count("mid_depth", config.mid_depth, DEEPEST, least=0)
    _count("mid_resnets", config.mid_resnets, 2, least=1 if config.mid_depth else 0)
    for name in ("in_channels", "out_channels", "norm_groups"):
        _count(name, getattr(config, name), WIDEST)
    crossed = config.mid_depth or any(
        any((*config.down_depths(i), *config.up_depths(i))) for i in range(len(widths))
    )
    _count("context_width", config.context_width, WIDEST, least=1 if crossed else 0)
    if config.label_width is not None:
        _count("label_width", config.label_width, WIDEST)
    if config.label_classes is not None:
        _count("label_classes", config.label_classes, WIDEST)
    if len(widths) != len(config.heads) or len(config.cross_only) not in (0, len(widths)):
        raise CheckpointError("its UNet's lists of sizes differ in length")
    if type(config.linear_projection) is not bool:
        raise CheckpointError("its linear_projection is neither true nor false")
    _divided("groups", widths, [config.norm_groups] * len(widths))
    _divided("heads", widths, config.heads)
    return config


def check_vae(config: VAEConfig) -> VAEConfig:
    """The same configuration. Raises CheckpointError where no autoencoder can have it."""
    widths = config.block_out_channels
    _levels("block_out_channels", widths, WIDEST)
    _count("layers_per_block", config.layers_per_block, DEEPEST)
    for name in ("in_channels", "out_channels", "latent_channels", "norm_groups"):
        _count(name, getattr(config, name), WIDEST)
    _divided("groups", widths, [config.norm_groups] * len(widths))
    return config


def check_text(config: TextConfig) -> TextConfig:
    """The same configuration. Raises CheckpointError where no text encoder can have it."""
    _count("vocabulary", config.vocabulary, 1 << 24)
    for name in ("positions", "width", "heads", "inner"):
        _count(name, getattr(config, name), WIDEST)
    _count("layers", config.layers, DEEPEST)
    if config.projection is not None:
        _count("projection", config.projection, WIDEST)
    if config.activation not in ("quick_gelu", "gelu"):
        raise CheckpointError(f"its activation is {config.activation!r}, which is not known")
    _divided("heads", [config.width], [config.heads])
    return config


def check_vision(config: VisionConfig) -> VisionConfig:
    """The same configuration. Raises CheckpointError where no image encoder can have it."""
    for name in ("image", "patch", "width", "heads", "inner"):
        _count(name, getattr(config, name), WIDEST)
    _count("layers", config.layers, DEEPEST)
    if config.projection is not None:
        _count("projection", config.projection, WIDEST)
    _divided("heads", [config.width], [config.heads])
    return config
