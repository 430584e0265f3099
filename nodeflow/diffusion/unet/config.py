"""The sizes of a UNet."""

from dataclasses import dataclass

Depth = int | tuple[int, ...]
"""Transformer blocks per attention: of every layer of a level, or of each."""


@dataclass(frozen=True, slots=True)
class UNetConfig:
    """Sizes of a `UNet2DConditionModel`; the defaults are Stable Diffusion 1's.

    block_out_channels: width of each level, full resolution first.
    transformer_depth: transformer blocks per attention of each level, 0 for none.
    up_transformer_depth: the same on the way up, by level; None mirrors the way down.
    mid_depth: transformer blocks in the middle, 0 for none. mid_resnets: 2, or fewer in pruned
    models.
    heads: attention heads of each level (the middle takes the last).
    linear_projection: 1x1 projections stored as linear layers (SD2, SDXL).
    label_width: width of the extra vector (SDXL: 2816, refiner: 2560) or None.
    label_classes: classes of an extra label (the upscaler's noise levels) or None.
    cross_only: levels whose first attention is over the text too (the upscaler); () for none.
    norm_groups: groups of every GroupNorm (not visible in the weights' shapes).
    """

    in_channels: int = 4
    out_channels: int = 4
    block_out_channels: tuple[int, ...] = (320, 640, 1280, 1280)
    layers_per_block: int = 2
    transformer_depth: tuple[Depth, ...] = (1, 1, 1, 0)
    mid_depth: int = 1
    heads: tuple[int, ...] = (8, 8, 8, 8)
    context_width: int = 768
    linear_projection: bool = False
    label_width: int | None = None
    norm_groups: int = 32
    up_transformer_depth: tuple[Depth, ...] | None = None
    mid_resnets: int = 2
    label_classes: int | None = None
    cross_only: tuple[bool, ...] = ()

    def down_depths(self, level: int) -> tuple[int, ...]:
        """Depth of each layer of a level on the way down."""
        return spread(self.transformer_depth[level], self.layers_per_block)

    def up_depths(self, level: int) -> tuple[int, ...]:
        """Depth of each layer of a level on the way up, in the order in which they run."""
        if self.up_transformer_depth is not None:
            return spread(self.up_transformer_depth[level], self.layers_per_block + 1)
        depths = self.down_depths(level)
        return (*depths[::-1], depths[0])

    def crosses_only(self, level: int) -> bool:
        """Whether the level's first attention is over the text too."""
        return bool(self.cross_only) and self.cross_only[level]


def spread(depth: Depth, layers: int) -> tuple[int, ...]:
    """One depth for each layer."""
    return depth if isinstance(depth, tuple) else (depth,) * layers


def gathered(depths: tuple[int, ...]) -> Depth:
    """One number where all layers are equally deep."""
    return depths[0] if len(set(depths)) == 1 else depths
