"""Latents in ComfyUI's `.latent` files: safetensors with the tensor `latent_tensor`.

`latent_format_version_0` beside it says that the latent is unscaled; older files hold scaled ones.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header

if TYPE_CHECKING:
    from torch import Tensor

TENSOR, MARKER = "latent_tensor", "latent_format_version_0"
OLD_SCALE = 1 / 0.18215


def check_latent(path: Path) -> None:
    """Raise CheckpointError where a file holds no latent; reads its header alone."""
    tensors = read_header(path).tensors
    if TENSOR not in tensors:
        example = next(iter(tensors), "nothing at all")
        raise CheckpointError(f"it is no latent (it holds '{example}' …)")
    shape = tensors[TENSOR].shape
    if len(shape) != 4 or not all(shape):
        raise CheckpointError(f"'{TENSOR}' has the shape {list(shape)}, expected four sides")


def read_latent(path: Path) -> "Tensor":
    """The latent `[batch, channels, height, width]`, unscaled, float32.

    Raises CheckpointError, which names the file, where it holds none.
    """
    import torch

    from nodeflow.diffusion.checkpoint.reader import WeightsReader

    try:
        check_latent(path)
        with WeightsReader(path) as reader:
            samples = reader.read(TENSOR).to(torch.float32, copy=True)
            return samples if MARKER in reader.tensors else samples * OLD_SCALE
    except CheckpointError as error:
        raise CheckpointError(f"'{path.name}' cannot be used: {error}") from None
