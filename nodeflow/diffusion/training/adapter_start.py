"""Adapters before training: tensors under an adapter file's names that change nothing yet."""

import math
from enum import StrEnum

import torch
from torch import Tensor


class Algorithm(StrEnum):
    """Which formula of `adapters.change` is trained."""

    LORA = "LoRA"
    LOHA = "LoHa"
    LOKR = "LoKr"
    OFT = "OFT"


def started(
    algorithm: Algorithm, shape: tuple[int, ...], rank: int, generator: torch.Generator
) -> dict[str, Tensor]:
    """The tensors of one weight `[out, in, …]`, float32, by the ends of their names.

    One factor of each product is 0, so that the first step begins at the model as it is. `alpha`
    equals the rank: the scale is 1. OFT's blocks are of `rank` channels, or the next fewer that
    divide `out`.
    """
    out, inner, kernel = shape[0], math.prod(shape[1:]), shape[2:]
    match algorithm:
        case Algorithm.LORA:
            rank = min(rank, out, inner)
            return {
                "lora_up.weight": torch.zeros(out, rank, *[1] * len(kernel)),
                "lora_down.weight": uniform((rank, shape[1], *kernel), inner, generator),
                "alpha": torch.tensor(float(rank)),
            }
        case Algorithm.LOHA:
            rank = min(rank, out, inner)
            return {
                "hada_w1_a": 0.1 * torch.randn(out, rank, generator=generator),
                "hada_w1_b": torch.randn(rank, inner, generator=generator),
                "hada_w2_a": torch.zeros(out, rank),
                "hada_w2_b": torch.randn(rank, inner, generator=generator),
                "alpha": torch.tensor(float(rank)),
            }
        case Algorithm.LOKR:
            (a, c), (b, d) = factors(out), factors(shape[1])
            rank = min(rank, c, d * math.prod(kernel))
            return {
                "lokr_w1": uniform((a, b), b, generator),
                "lokr_w2_a": torch.zeros(c, rank),
                "lokr_w2_b": uniform((rank, d, *kernel), d * math.prod(kernel), generator),
                "alpha": torch.tensor(float(rank)),
            }
        case Algorithm.OFT:
            block = next(size for size in range(min(rank, out), 0, -1) if out % size == 0)
            return {"oft_blocks": torch.zeros(out // block, block, block)}


def uniform(shape: tuple[int, ...], inner: int, generator: torch.Generator) -> Tensor:
    """Uniform within one over the root of `inner`, as a layer of that many inputs starts."""
    return (2 * torch.rand(shape, generator=generator) - 1) / math.sqrt(inner)


def factors(size: int) -> tuple[int, int]:
    """Two factors of a size as near to each other as can be, the smaller first."""
    small = next(n for n in range(math.isqrt(size), 0, -1) if size % n == 0)
    return small, size // small
