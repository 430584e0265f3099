"""Where in a UNet something happens."""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["down", "mid", "up"]


@dataclass(frozen=True, slots=True)
class Place:
    """Stage, level (0 is full resolution), index within the level; depth counts the transformer
    blocks of one place."""

    stage: Stage
    level: int
    index: int
    depth: int = 0
