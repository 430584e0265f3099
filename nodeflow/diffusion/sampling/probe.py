"""Attention of the middle block, looked at while the network runs."""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.patches.hypertile import map_size
from nodeflow.diffusion.unet.attention import attention
from nodeflow.diffusion.unet.interventions import Interventions, Place


@dataclass
class Probe:
    """Sees the first self-attention of the middle in one forward pass."""

    _seen: list[Tensor] = field(default_factory=list)

    def attached(self, interventions: Interventions) -> Interventions:
        """The same with this probe; what computes the attention is left as it is."""
        inner = interventions.self_attention

        def attended(place: Place, q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
            if place.stage == "mid" and not self._seen:
                self._seen.append(received(q, k, heads))
            return attention(q, k, v, heads) if inner is None else inner(place, q, k, v, heads)

        return Interventions(self_attention=attended).over(interventions)

    def map(self, rows: int, columns: int) -> Tensor:
        """`[batch, 1, rows, columns]`, float32."""
        if not self._seen:
            raise ValueError("this model has no self-attention in the middle to guide by")
        tokens = self._seen[0]
        size = map_size(tokens.shape[1], rows, columns)
        if size is None:
            raise ValueError(f"{tokens.shape[1]} cells are no part of {rows} by {columns}")
        return F.interpolate(tokens.view(-1, 1, *size), (rows, columns), mode="nearest")


def received(q: Tensor, k: Tensor, heads: int) -> Tensor:
    """What each cell gets, float32 `[batch, tokens]`: mean over the heads, sum over who asks."""
    batch, _, width = q.shape
    q, k = (part.float().view(batch, -1, heads, width // heads).transpose(1, 2) for part in (q, k))
    weights = torch.softmax(q @ k.transpose(-1, -2) / (width // heads) ** 0.5, dim=-1)
    return weights.mean(1).sum(1)
