"""GLIGEN in files: sizes and names, by headers alone.

`position_net.…` makes objects of boxes, a `fuser` in each transformer block looks at them: in files
of the first layout (`input_blocks.1.1.transformer_blocks.0.fuser.…`) or of diffusers'
(`down_blocks.0.attentions.0.transformer_blocks.0.fuser.…`), alone or beside a whole UNet's weights.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, read_header
from nodeflow.diffusion.checkpoint.shapes import shape
from nodeflow.diffusion.gligen.config import GligenConfig

STAGES = {
    "input_blocks": 0, "down_blocks": 0, "output_blocks": 1, "up_blocks": 1, "middle_block": 2,
    "mid_block": 2,
}  # fmt: skip
_FUSER = re.compile(rf"((?:.*\.)?({'|'.join(STAGES)})\.(.*transformer_blocks\.\d+)\.fuser)\.(.+)")
NULL = "position_net.null_positive_feature"


@dataclass(frozen=True)
class GligenFile:
    """config: its sizes. names: our parameter names to the file's."""

    config: GligenConfig
    names: Mapping[str, str]
    unknown: tuple[str, ...]


def read_gligen(path: Path) -> GligenFile:
    """Recognise a file. Raises CheckpointError saying what was found."""
    header = read_header(path)
    prefix = prefix_of(header)
    names: dict[str, str] = {}
    stems: dict[tuple[int, tuple[int, ...]], dict[str, str]] = {}
    unknown = []
    for name in header.tensors:
        match = _FUSER.fullmatch(name)
        if match is not None:
            order = STAGES[match[2]], tuple(int(n) for n in re.findall(r"\d+", match[3]))
            stems.setdefault(order, {})[match[4]] = name
        elif name.startswith(f"{prefix}position_net."):
            names[name.removeprefix(prefix)] = name
        else:
            unknown.append(name)
    if not stems:
        raise CheckpointError("it has no 'fuser' in any transformer block")
    widths = []
    for index, (_, leaves) in enumerate(sorted(stems.items())):
        names |= {f"fusers.{index}.{leaf}": name for leaf, name in leaves.items()}
        widths.append(shape(header, leaves.get("linear.weight", "linear.weight"), 2)[0])
    return GligenFile(config_of(header, prefix, tuple(widths)), names, tuple(unknown))


def prefix_of(header: Header) -> str:
    """What stands before `position_net`."""
    found = next((name for name in header.tensors if name.endswith(NULL)), None)
    if found is not None:
        return found.removesuffix(NULL)
    if any("position_net." in name for name in header.tensors):
        raise CheckpointError(
            "it is a GLIGEN model for pictures, poses or maps; those for text boxes can be used"
        )
    example = next(iter(header.tensors), "nothing at all")
    raise CheckpointError(f"it is no GLIGEN model (it holds '{example}' …)")


def config_of(header: Header, prefix: str, widths: tuple[int, ...]) -> GligenConfig:
    """All sizes."""
    net = f"{prefix}position_net."
    (position,) = shape(header, f"{net}null_position_feature", 1)
    (text,) = shape(header, f"{net}null_positive_feature", 1)
    hidden = shape(header, f"{net}linears.0.weight", 2)[0]
    context = shape(header, f"{net}linears.4.weight", 2)[0]
    return GligenConfig(text, context, hidden, position // 8, widths)
