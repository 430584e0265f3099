"""Mixing of embeddings."""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.conditioning import Conditioning, ConditioningEntry


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


def stacked(entries: Sequence[ConditioningEntry]) -> Conditioning:
    """One entry with a row for each: the n-th image of a batch takes the n-th.

    Embeddings of different length are repeated to the least common multiple.
    """
    length = math.lcm(*(entry.embedding.shape[1] for entry in entries))
    rows = [e.embedding.repeat(1, length // e.embedding.shape[1], 1) for e in entries]
    pooled = [entry.pooled for entry in entries if entry.pooled is not None]
    both = torch.cat(pooled) if len(pooled) == len(entries) else None
    return (replace(entries[0], embedding=torch.cat(rows), pooled=both),)
