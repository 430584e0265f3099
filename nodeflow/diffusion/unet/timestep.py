"""Sinusoidal timestep features and their embedding."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def timestep_features(t: Tensor, width: int) -> Tensor:
    """Cosines, then sines, of `t` at `width / 2` frequencies from 1 down to 1/10000.

    `[batch]` to float32 `[batch, width]` (arXiv 1706.03762, in DDPM's order).
    """
    half = width // 2
    exponents = torch.arange(half, dtype=torch.float32, device=t.device) / half
    angles = t.float()[:, None] * torch.exp(-math.log(10000.0) * exponents)[None]
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class TimestepEmbedding(nn.Module):
    """Two linear layers with a SiLU between them."""

    def __init__(self, in_width: int, width: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(in_width, width)
        self.linear_2 = nn.Linear(width, width)

    def forward(self, features: Tensor) -> Tensor:
        out: Tensor = self.linear_2(F.silu(self.linear_1(features)))
        return out


def embedding_table(count: int, width: int) -> nn.Embedding:
    """A vector for each class; no values are drawn, which on the meta device takes seconds."""
    weight = torch.zeros(count, width)
    table: nn.Embedding = nn.Embedding.from_pretrained(weight, freeze=False)  # type: ignore[no-untyped-call]
    return table
