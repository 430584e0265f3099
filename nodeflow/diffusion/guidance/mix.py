"""Mixing of embeddings."""

from dataclasses import replace

import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.conditioning import Conditioning


def fitted(embedding: Tensor, tokens: int) -> Tensor:
    """An embedding cut to `tokens`, or padded with zeros."""
    cut = embedding[:, :tokens]
    return F.pad(cut, (0, 0, 0, tokens - cut.shape[1]))


def averaged(to: Conditioning, other: Conditioning, share: float) -> Conditioning:
    """Each entry of `to` at `share`, the first of `other` at the rest."""
    if not other:
        return to
    first = other[0]
    mixed = []
    for entry in to:
        added = fitted(first.embedding, entry.embedding.shape[1])
        pooled = entry.pooled
        if pooled is not None and first.pooled is not None:
            pooled = pooled * share + first.pooled * (1 - share)
        embedding = entry.embedding * share + added * (1 - share)
        mixed.append(replace(entry, embedding=embedding, pooled=pooled))
    return tuple(mixed)
