"""Textual inversion files (arXiv 2208.01618): words that are vectors, in all common formats.

`string_to_param` (the first trainings and A1111), `emb_params` (A1111, safetensors), `clip_l` and
`clip_g` (SDXL), a bare tensor, and diffusers' `<token>`: tensor.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint import pickled
from nodeflow.diffusion.checkpoint.problem import CheckpointError

LARGEST = 100_000_000


class InversionError(Exception):
    """A file that holds no textual inversion; the message says why."""


def read_inversion(path: Path) -> dict[str, Tensor]:
    """Vectors float32 `[tokens, width]` by encoder: `l`, `g`, or `` where the file names none.

    Safetensors, and torch's pickles through its weights-only loader. Raises InversionError, and
    CheckpointError for a pickle where those are not allowed.
    """
    if path.stat().st_size > LARGEST:
        raise InversionError(f"the file is larger than {LARGEST} bytes")
    named_safe = path.suffix in (".safetensors", ".sft")
    if not named_safe and not pickled.allowed():
        raise CheckpointError(f"'{path.name}' is a pickle, which can run code: {pickled.HOW}")
    try:
        if named_safe:
            from safetensors.torch import load_file

            content: object = load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InversionError(f"the file cannot be read: {error}") from error
    found = vectors_in(content)
    if not found:
        raise InversionError("the file holds no vectors")
    result = {}
    for tower, tensor in found.items():
        rows = tensor.detach().float().reshape(-1, tensor.shape[-1])
        if not bool(rows.isfinite().all()):
            raise InversionError("the vectors are not all finite numbers")
        result[tower] = rows
    return result


def vectors_in(content: object) -> dict[str, Tensor]:
    """The vectors of a file's content, by encoder."""
    if isinstance(content, Tensor):
        return {"": content} if content.dim() in (1, 2) else {}
    if not isinstance(content, Mapping):
        return {}
    inner = content.get("string_to_param")
    if isinstance(inner, Mapping):
        return vectors_in(dict(inner))
    towers = {key[-1]: content[key] for key in ("clip_l", "clip_g") if key in content}
    if towers:
        return {tower: t for tower, t in towers.items() if isinstance(t, Tensor)}
    if isinstance(content.get("emb_params"), Tensor):
        return {"": content["emb_params"]}
    tensors = [t for t in content.values() if isinstance(t, Tensor) and t.dim() in (1, 2)]
    return {"": tensors[0]} if tensors else {}
