"""Where a UNet has transformer blocks, from its sizes alone; without torch."""

from collections.abc import Mapping, Sequence

from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.place import Place, Stage


def block_name(place: Place, config: UNetConfig) -> str:
    """diffusers' name of a transformer block."""
    block = {
        "down": f"down_blocks.{place.level}",
        "up": f"up_blocks.{len(config.block_out_channels) - 1 - place.level}",
        "mid": "mid_block",
    }[place.stage]
    return f"{block}.attentions.{place.index}.transformer_blocks.{place.depth}"


def attention_places(config: UNetConfig) -> Mapping[Place, int]:
    """Every transformer block to its width: the way down, the way up, the middle.

    That is the order in which diffusers lists a UNet's attention, and files that number it count.
    """
    found: dict[Place, int] = {}
    widths = config.block_out_channels

    def add(stage: Stage, level: int, depths: Sequence[int]) -> None:
        for index, depth in enumerate(depths):
            found.update({Place(stage, level, index, d): widths[level] for d in range(depth)})

    for level in range(len(widths)):
        add("down", level, config.down_depths(level))
    for level in reversed(range(len(widths))):
        add("up", level, config.up_depths(level))
    add("mid", len(widths) - 1, [config.mid_depth])
    return found
