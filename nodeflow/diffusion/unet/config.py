"""The sizes of a UNet."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UNetConfig:
    """Sizes of a `UNet2DConditionModel`; the defaults are Stable Diffusion 1's.

    block_out_channels: width of each level, full resolution first.
    transformer_depth: transformer blocks per attention of each level, 0 for none.
    mid_depth: transformer blocks in the middle, 0 for none.
    heads: attention heads of each level (the middle takes the last).
    linear_projection: 1x1 projections stored as linear layers (SD2, SDXL).
    label_width: width of the extra vector (SDXL: 2816, refiner: 2560) or None.
    norm_groups: groups of every GroupNorm (not visible in the weights' shapes).
    """

    in_channels: int = 4
    out_channels: int = 4
    block_out_channels: tuple[int, ...] = (320, 640, 1280, 1280)
    layers_per_block: int = 2
    transformer_depth: tuple[int, ...] = (1, 1, 1, 0)
    mid_depth: int = 1
    heads: tuple[int, ...] = (8, 8, 8, 8)
    context_width: int = 768
    linear_projection: bool = False
    label_width: int | None = None
    norm_groups: int = 32
