"""Names in the files of ESRGAN's lineage, and the sizes they tell.

Three layouts: ESRGAN's first (`model.1.sub.0.RDB1.conv1.0.weight`), BSRGAN's
(`RRDB_trunk.0.RDB1.conv1.weight`) and BasicSR's (`body.0.rdb1.conv1.weight`).
"""

import re
from collections.abc import Iterable, Mapping
from math import isqrt

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header
from nodeflow.diffusion.upscale.esrgan import RRDBConfig

_DENSE = re.compile(
    r"(?:model\.1\.sub|RRDB_trunk|body)\.(\d+)\.(?:RDB|rdb)(\d)\.conv(\d)\.(?:0\.)?"
)
_PLAIN = {"trunk_conv": "conv_body", "HRconv": "conv_hr"}
_FIRST = re.compile(r"model\.(\d+)\.")


def our_names(names: Iterable[str]) -> dict[str, str]:
    """Names of a file, without a `params_ema.` in front, to ours; those without one left out."""
    listed = list(names)
    numbers = sorted({int(m[1]) for n in listed if (m := _FIRST.match(n))})
    tail = [n for n in numbers if n > 1]
    ours: dict[str, str] = {}
    for name in listed:
        inner = name.removeprefix("params_ema.").removeprefix("params.")
        stem, _, leaf = inner.rpartition(".")
        dense = _DENSE.match(inner)
        first = _FIRST.match(inner)
        if dense:
            ours[name] = f"body.{dense[1]}.rdb{dense[2]}.conv{dense[3]}.{leaf}"
        elif re.fullmatch(r"model\.1\.sub\.\d+", stem):
            ours[name] = f"conv_body.{leaf}"
        elif first and stem == f"model.{first[1]}":
            number = int(first[1])
            role = {0: "conv_first", tail[-1]: "conv_last", tail[-2]: "conv_hr"}
            ours[name] = f"{role.get(number, f'conv_up{number // 3}')}.{leaf}"
        elif stem.startswith("upconv"):
            ours[name] = f"conv_up{stem.removeprefix('upconv')}.{leaf}"
        elif stem in _PLAIN or stem.startswith("conv_"):
            ours[name] = f"{_PLAIN.get(stem, stem)}.{leaf}"
    return ours


def config_of(header: Header) -> tuple[RRDBConfig, Mapping[str, str]]:
    """Sizes and names of a file. Raises CheckpointError where it is of another architecture."""
    names = our_names(header.tensors)
    shapes = {ours: header.tensors[theirs].shape for theirs, ours in names.items()}
    needed = ("conv_first.weight", "conv_last.weight", "body.0.rdb1.conv1.weight")
    if any(len(shapes.get(name, ())) != 4 for name in needed):
        example = next(iter(header.tensors), "nothing at all")
        raise CheckpointError(f"it is no upscaler of ESRGAN's kind (it holds '{example}' …)")
    channels = shapes["conv_last.weight"][0]
    config = RRDBConfig(
        width=shapes["conv_first.weight"][0],
        blocks=1 + max(int(n.split(".")[1]) for n in shapes if n.startswith("body.")),
        growth=shapes["body.0.rdb1.conv1.weight"][0],
        doublings=len([n for n in shapes if n.startswith("conv_up") and n.endswith("weight")]),
        unshuffle=isqrt(max(1, shapes["conv_first.weight"][1] // channels)),
        channels=channels,
    )
    return config, names
