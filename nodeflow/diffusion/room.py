"""Memory of weights that were let go, given to the weights that take their place.

To hand out memory anew and to clear it takes the system longer than the arithmetic of a LoRA.
"""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

Allocate: TypeAlias = Callable[[Tensor], Tensor]
"""Gives a tensor of the shape, type and device of another, its values undefined."""
SMALLEST = 1 << 17
"""Bytes; smaller weights come from torch's own memory."""


@dataclass
class Room:
    """Weights on the CPU whose memory is used again, once nothing at all refers to them.

    May be used from several threads.
    """

    _free: dict[int, list[Tensor]] = field(default_factory=dict)
    _keeping: int = 0

    def like(self, weight: Tensor) -> Tensor:
        """A contiguous tensor of the same shape, type and device, its values undefined."""
        size = weight.numel() * weight.element_size()
        if weight.device.type != "cpu" or weight.is_mkldnn or size < SMALLEST:
            return torch.empty(weight.shape, dtype=weight.dtype, device=weight.device)
        try:
            memory = self._free.get(size, []).pop()
        except IndexError:
            memory = torch.empty(size, dtype=torch.uint8)
        view: memoryview = memory.numpy().data
        weakref.finalize(view, self._came_back, memory).atexit = False
        return torch.frombuffer(view, dtype=weight.dtype).reshape(weight.shape)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is let go within waits for `like`; at the end what was not taken is given back."""
        self._keeping += 1
        try:
            yield
        finally:
            self._keeping -= 1
            if not self._keeping:
                self._free.clear()

    def _came_back(self, memory: Tensor) -> None:
        if self._keeping:
            self._free.setdefault(memory.numel(), []).append(memory)
