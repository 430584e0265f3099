"""The networks of one model under hooks: they share every weight that hooks leave alone."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from torch import nn

from nodeflow.diffusion.hooks.course import Weighed
from nodeflow.diffusion.hooks.patches import check_fits, patches_for
from nodeflow.diffusion.packed import pack
from nodeflow.diffusion.recipe import ModelRecipe
from nodeflow.diffusion.residency import shared_copy
from nodeflow.diffusion.room import Room
from nodeflow.diffusion.sampling.texts import Texts


@dataclass(frozen=True, eq=False)
class Form:
    """A network under hooks, the texts that it has read, and the bytes that are its own."""

    network: nn.Module
    texts: Texts
    size: int


@dataclass(frozen=True, eq=False)
class Forms:
    """Made when first asked for; beyond `room` bytes the least recently used are let go first.

    One is held in any case. A form that is asked for again is made again: the same bits.
    May be used from several threads.
    """

    base: nn.Module
    recipe: ModelRecipe
    room: int
    _held: OrderedDict[tuple[Weighed, ...], Form] = field(default_factory=OrderedDict)
    _memory: Room = field(default_factory=Room)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, hooks: tuple[Weighed, ...]) -> Form:
        """The network whose weights these change. Raises CheckpointError for another family's."""
        with self._lock:
            found = self._held.pop(hooks, None)
            if found is None:
                with self._memory.kept():
                    self._make_room()
                    found = self._made(hooks)
            self._held[hooks] = found
            return found

    @property
    def size(self) -> int:
        """Bytes of weights held beside the base's."""
        return sum(form.size for form in self._held.values())

    def _make_room(self) -> None:
        wanted = max((form.size for form in self._held.values()), default=0)
        while self._held and self.size + wanted > self.room:
            self._held.popitem(last=False)

    def _made(self, hooks: tuple[Weighed, ...]) -> Form:
        check_fits(hooks, self.base)
        network = shared_copy(self.base)
        for patch in patches_for(hooks, self.recipe):
            patch.apply(network, None, self._memory.like)
        shared = {id(p) for p in self.base.parameters()}
        own = [p for p in network.parameters() if id(p) not in shared]
        pack(network)
        return Form(network, Texts(), sum(p.numel() * p.element_size() for p in own))
