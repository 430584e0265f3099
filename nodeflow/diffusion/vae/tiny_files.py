"""TAESD in files: its own two, or diffusers' one; headers alone are read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, read_header
from nodeflow.diffusion.checkpoint.layout import describe

ENCODER, DECODER = "encoder.layers.", "decoder.layers."


@dataclass(frozen=True)
class TinyFiles:
    """names: our weights' names to file and name there. width and channels: the sizes."""

    names: Mapping[str, tuple[Path, str]]
    width: int
    channels: int


def is_tiny(header: Header) -> bool:
    """Whether a file holds one in diffusers' names."""
    return f"{DECODER}0.weight" in header.tensors and f"{ENCODER}0.weight" in header.tensors


def read_tiny(files: Iterable[Path], decoder_only: bool = False) -> TinyFiles:
    """One file of both halves, or one of each. Raises CheckpointError where a half is missing.

    The authors' files count the layers from 0 without a prefix, and in the decoder the limit on
    the latent, which has no weights, as the first.
    """
    names: dict[str, tuple[Path, str]] = {}
    sizes: list[tuple[int, int]] = []
    for file in files:
        header = read_header(file)
        if is_tiny(header):
            names.update({name: (file, name) for name in header.tensors})
            sizes.append(size_of(header, f"{DECODER}0.weight"))
        elif "1.weight" in header.tensors and "19.weight" in header.tensors:
            sizes.append(size_of(header, "1.weight"))
            for name in header.tensors:
                number, _, rest = name.partition(".")
                names[f"{DECODER}{int(number) - 1}.{rest}"] = file, name
        elif "0.weight" in header.tensors and "14.weight" in header.tensors:
            names.update({ENCODER + name: (file, name) for name in header.tensors})
        else:
            raise CheckpointError(f"{file.name} is no TAESD: {describe(header)}")
    for half, prefix in (("decoder", DECODER), ("encoder", ENCODER)):
        wanted = half == "decoder" or not decoder_only
        if wanted and not any(name.startswith(prefix) for name in names):
            raise CheckpointError(f"TAESD's {half} is not among the files")
    return TinyFiles(names, *sizes[0])


def size_of(header: Header, name: str) -> tuple[int, int]:
    """(width, channels of the latent) by the decoder's first convolution."""
    shape = header.shape(name)
    if shape is None or len(shape) != 4:
        raise CheckpointError(f"'{name}' has the shape {shape}, expected four sides")
    return shape[0], shape[1]
