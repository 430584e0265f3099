"""The numbers of one small tensor, read without torch."""

import struct
from pathlib import Path

from nodeflow.diffusion.checkpoint.header import TensorInfo

MOST = 1 << 16
FORMATS = {"F32": "f", "F16": "e", "F64": "d"}


def read_numbers(path: Path, info: TensorInfo) -> list[float] | None:
    """The values of a tensor of a common float type, or None for another or a big one."""
    if info.end - info.start > MOST or info.dtype not in {*FORMATS, "BF16"}:
        return None
    with path.open("rb") as file:
        file.seek(info.start)
        data = file.read(info.end - info.start)
    if info.dtype == "BF16":
        halves = [data[i : i + 2] for i in range(0, len(data), 2)]
        return [struct.unpack("<f", b"\0\0" + half)[0] for half in halves]
    code = FORMATS[info.dtype]
    return list(struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data))
