"""The texts of network calls: joined to a batch, and what the network makes of them kept.

The same texts come step after step; keys and values of the attention over them need be computed
once. The same products of the same shapes, so the same bits.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from nodeflow.diffusion.unet.interventions import TextKeys

ROWS = 16
"""Rows whose keys and values are held: 8 MB each for SD1 in float32, 52 MB for SDXL."""


@dataclass(frozen=True, eq=False)
class Joined:
    """Embeddings in a row, as one batch, with their keys. `given` keeps their ids their own."""

    given: tuple[Tensor, ...]
    context: Tensor
    keys: TextKeys


@dataclass(frozen=True, eq=False)
class Texts:
    """The least recently used are let go first. May be used from several threads."""

    _held: OrderedDict[tuple[tuple[int, int], ...], Joined] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, given: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, TextKeys]:
        """The context `[rows, tokens, width]` of (embedding, latents), and where its keys are."""
        wanted = tuple((id(embedding), len(x)) for embedding, x in given)
        with self._lock:
            found = self._held.pop(wanted, None)
            if found is None:
                context = joined_contexts([per_row(embedding, x) for embedding, x in given])
                found = Joined(tuple(embedding for embedding, _ in given), context, TextKeys())
                self._make_room(len(context))
            self._held[wanted] = found
        return found.context, found.keys

    def _make_room(self, rows: int) -> None:
        while self._held and rows + sum(len(j.context) for j in self._held.values()) > ROWS:
            self._held.popitem(last=False)


def per_row(value: Tensor, x: Tensor) -> Tensor:
    """One value for all rows of `x`, or one for each."""
    return value if len(value) == len(x) else value.expand(len(x), *value.shape[1:])


def joined_contexts(embeddings: Sequence[Tensor]) -> Tensor:
    """Embeddings of different length, repeated to the least common multiple, as one batch."""
    length = math.lcm(*(e.shape[1] for e in embeddings))
    return torch.cat([e.repeat(1, length // e.shape[1], 1) for e in embeddings])
