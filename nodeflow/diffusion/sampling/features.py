"""What T2I adapters make of pictures, kept from step to step: they see nothing else.

The same products of the same shapes, so the same bits.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from nodeflow.diffusion.recipe import ControlRecipe
from nodeflow.diffusion.unet.interventions import Interventions

ROOM = 256_000_000
"""Bytes of features: 26 rows of SD1's at 512 by 512 pixels in float32."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Features with the pictures that they are of, so that no other lies where those lie."""

    given: tuple[Tensor, ...]
    made: Interventions

    @property
    def size(self) -> int:
        """Bytes of the features."""
        maps = [feature for _, feature in self.made.features]
        every = maps if self.made.mid_residual is None else [*maps, self.made.mid_residual]
        return sum(t.numel() * t.element_size() for t in every)


@dataclass(frozen=True, eq=False)
class Features:
    """The least recently used are let go first. May be used from several threads."""

    room: int = ROOM
    _held: OrderedDict[Hashable, Seen] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(
        self,
        net: ControlRecipe,
        given: Sequence[tuple[Tensor, int]],
        compute: Callable[[], Interventions],
    ) -> Interventions:
        """Those of (picture, rows) by a net, computed where they are not there."""
        key = net, tuple((place(hint), rows) for hint, rows in given)
        with self._lock:
            found = self._held.pop(key, None)
            if found is None:
                found = Seen(tuple(hint for hint, _ in given), compute())
            self._held[key] = found
            while len(self._held) > 1 and sum(s.size for s in self._held.values()) > self.room:
                self._held.popitem(last=False)
        return found.made


def place(tensor: Tensor) -> Hashable:
    """Equal where tensors that are in memory at a time are the same numbers: a picture's tiles are
    cut from it anew in each step."""
    return tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor._version
