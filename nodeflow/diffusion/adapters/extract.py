"""The difference of two models as an adapter: the best of a given rank, or all of it.

The truncated singular value decomposition is the closest matrix of its rank (Eckart and Young,
1936). Names are kohya's, which every loader knows.
"""

from collections.abc import Mapping
from enum import StrEnum

import torch
from torch import Tensor, nn

from nodeflow.diffusion.packed import plain
from nodeflow.diffusion.recipe import ClipRecipe, ModelRecipe, Tower
from nodeflow.diffusion.residency import residency_of
from nodeflow.diffusion.sampling.host import Host


class Extraction(StrEnum):
    """Two small factors for each weight, or the whole difference."""

    STANDARD = "standard"
    FULL = "full_diff"


def adapter_of(
    difference: nn.Module, prefix: str, rank: int, kind: Extraction, bias: bool
) -> dict[str, Tensor]:
    """An adapter file's tensors (float16) for a module whose weights are differences.

    prefix: `lora_unet_`, `lora_te_` … . bias: whether what is no matrix is kept too. Weights
    without any difference are left out.
    """
    out: dict[str, Tensor] = {}
    for name, parameter in difference.named_parameters():
        module, _, leaf = name.rpartition(".")
        weight, stem = plain(parameter.data).float(), prefix + module.replace(".", "_")
        if not weight.any():
            continue
        if weight.dim() >= 2 and kind is Extraction.STANDARD:
            out.update({f"{stem}.{end}": t for end, t in low_rank(weight, rank).items()})
        elif weight.dim() >= 2 or bias:
            out[f"{stem}.{'diff_b' if leaf == 'bias' else 'diff'}"] = weight
    return {name: tensor.half().cpu().contiguous() for name, tensor in out.items()}


def low_rank(weight: Tensor, rank: int) -> Mapping[str, Tensor]:
    """`lora_up`, `lora_down` and `alpha` of a weight `[out, in, …]`, of at most that rank."""
    matrix = weight.flatten(1)
    rank = min(rank, *matrix.shape)
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    root = s[:rank].sqrt()
    up, down = u[:, :rank] * root, root[:, None] * vh[:rank]
    kernel = weight.shape[2:]
    return {
        "lora_up.weight": up.reshape(-1, rank, *[1] * len(kernel)),
        "lora_down.weight": down.reshape(rank, -1, *kernel),
        "alpha": torch.tensor(float(rank)),
    }


def extracted(
    model: ModelRecipe | None,
    clip: ClipRecipe | None,
    rank: int,
    kind: Extraction,
    bias: bool,
    host: Host,
) -> dict[str, Tensor]:
    """An adapter of recipes that stand for differences (`ModelMergeSubtract`)."""
    residency = host.resources.get(*residency_of(host.device))
    tensors: dict[str, Tensor] = {}
    if model is not None:
        tensors.update(adapter_of(residency.unet(model), "lora_unet_", rank, kind, bias))
    if clip is not None:
        towers = residency.text_encoders(clip).towers
        first = "lora_te1_" if Tower.G in towers else "lora_te_"
        for tower, module in towers.items():
            prefix = "lora_te2_" if tower is Tower.G else first
            tensors.update(adapter_of(module, prefix, rank, kind, bias))
    return tensors
