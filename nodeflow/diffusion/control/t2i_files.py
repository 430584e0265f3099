"""T2I adapters in files: sizes and names, from headers alone.

Formats: TencentARC's (`body.3.block1`, two a level; `body.0.body.1.block1` in light ones) and
diffusers' (`adapter.body.1.resnets.1.block1`).
"""

import re

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header
from nodeflow.diffusion.checkpoint.shapes import numbered, shape
from nodeflow.diffusion.control.config import AdapterConfig

PREFIX = "adapter."
SHUFFLES = {64: (1, 8), 192: (3, 8), 256: (1, 16), 768: (3, 16)}
"""Channels of the first convolution to those of the picture and pixels along a cell's side."""
LAYERS = 2
"""Residual blocks a level of TencentARC's full adapters."""


def is_adapter(header: Header) -> bool:
    """Whether a file holds a T2I adapter."""
    names = header.tensors
    prefix = prefix_of(header)
    first = ("conv_in.weight", "body.0.in_conv.weight")
    inner = ("", "resnets.0.", "body.0.")
    deeper = any(f"{prefix}body.0.{i}block1.weight" in names for i in inner)
    return deeper and any(prefix + name in names for name in first)


def prefix_of(header: Header) -> str:
    """What stands before every name."""
    return PREFIX if any(name.startswith(f"{PREFIX}body.") for name in header.tensors) else ""


def adapter_config(header: Header) -> AdapterConfig:
    """All sizes. Raises CheckpointError for sizes that no published adapter has."""
    prefix = prefix_of(header)
    if any(".down_opt." in name for name in header.tensors):
        raise CheckpointError("it halves by convolutions, which no published T2I adapter does")
    light = f"{prefix}body.0.out_conv.weight" in header.tensors
    first = shape(header, f"{prefix}{'body.0.in_conv' if light else 'conv_in'}.weight", 4)
    if first[1] not in SHUFFLES:
        raise CheckpointError(f"its first convolution takes {first[1]} channels")
    channels, shuffle = SHUFFLES[first[1]]
    levels = numbered(header, f"{prefix}body.")
    if light:
        inside = max(numbered(header, f"{prefix}body.0.{stem}.") for stem in ("body", "resnets"))
        last = [f"body.{i}.out_conv.weight" for i in range(levels)]
    elif f"{prefix}body.0.resnets.0.block1.weight" in header.tensors:
        inside = numbered(header, f"{prefix}body.0.resnets.")
        last = [f"body.{i}.resnets.0.block1.weight" for i in range(levels)]
    else:
        inside = LAYERS
        last = [f"body.{i}.block1.weight" for i in range(0, levels, LAYERS)]
    widths = tuple(shape(header, prefix + name, 4)[0] for name in last)
    return AdapterConfig(channels, widths, inside, shuffle, light)


def stored_name(ours: str, header: Header, layers: int) -> str:
    """The name of a weight in the file."""
    prefix = prefix_of(header)
    one_list = f"{prefix}body.0.block1.weight" in header.tensors
    if not one_list and prefix + ours in header.tensors:
        return prefix + ours
    if found := re.fullmatch(r"body\.(\d+)\.resnets\.(\d+)\.(.+)", ours):
        level, number, rest = int(found[1]), int(found[2]), found[3]
        light = f"{prefix}body.{level}.body.{number}.{rest}"
        if light in header.tensors:
            return light
        return f"{prefix}body.{layers * level + number}.{rest}"
    found = re.fullmatch(r"body\.(\d+)\.in_conv\.(.+)", ours)
    if one_list and found is not None:
        return f"{prefix}body.{layers * int(found[1])}.in_conv.{found[2]}"
    return prefix + ours
