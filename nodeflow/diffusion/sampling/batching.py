"""Continuous batching: samplings of one model, each in its own thread, that share network calls.

Whoever waits last asks for all. A sampling joins and leaves at any time; one that is busy with
something else (a preview, a slow disk) is waited for a moment only.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from torch import Tensor

from nodeflow.diffusion.guidance.rows import Wish
from nodeflow.diffusion.sampling.evaluate import BLOCK, CELLS, Company, Denoiser, evaluate
from nodeflow.diffusion.sampling.shares import Shares

RECENT = 64
"""Answers kept for those who ask a moment too late to find them still open."""

PATIENCE = 0.2
"""Seconds to wait for a sampling that has joined but asks for nothing."""


@dataclass(eq=False)
class Waiting:
    """A wish without its answer yet."""

    wish: Wish
    key: str | None
    since: float = field(default_factory=time.monotonic)
    answers: Sequence[Tensor] | None = None
    error: BaseException | None = None

    @property
    def done(self) -> bool:
        """Whether it was answered, or failed."""
        return self.answers is not None or self.error is not None


class Table:
    """The samplings of one model. One network call runs at a time, for all who wait."""

    def __init__(
        self,
        model: Denoiser,
        company: Company,
        device_lock: threading.Lock,
        shares: Shares,
    ) -> None:
        self._model, self._company, self._device = model, company, device_lock
        self._shares = shares
        self._change = threading.Condition()
        self._waiting: list[Waiting] = []
        self._leading = False
        self._recent: OrderedDict[str, Sequence[Tensor]] = OrderedDict()
        self.seats = 0
        self.calls = 0
        """Wishes that were computed, equal ones counted once."""

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Take part."""
        with self._change:
            self.seats += 1
        try:
            yield
        finally:
            with self._change:
                self.seats -= 1
                self._change.notify_all()

    def answer(self, wish: Wish, key: str | None) -> Sequence[Tensor]:
        """The answer to a wish, after waiting for the others'. Wishes of equal key are one."""
        mine = Waiting(wish, key)
        with self._change:
            self._waiting.append(mine)
            self._change.notify_all()
            while not mine.done:
                if self._leading:
                    self._change.wait()
                elif len(self._waiting) >= self.seats or self._waited(mine):
                    self._lead()
                else:
                    self._change.wait(PATIENCE / 4)
        if mine.error is not None:
            raise mine.error
        assert mine.answers is not None
        return mine.answers

    @staticmethod
    def _waited(mine: Waiting) -> bool:
        return time.monotonic() - mine.since > PATIENCE

    def _lead(self) -> None:
        """Answer all that wait; the lock is held on entry and on return, not in between."""
        self._leading = True
        round_, self._waiting = self._waiting, []
        self._change.release()
        try:
            with self._device:
                self._compute(round_)
        except BaseException as error:
            for each in round_:
                if not each.done:
                    each.error = error
        finally:
            self._change.acquire()
            self._leading = False
            self._change.notify_all()

    def _compute(self, round_: Sequence[Waiting]) -> None:
        first: dict[object, Waiting] = {}
        for each in round_:
            # Asked for while the round before computed it: not recorded then, answered by now.
            each.answers = self._recent.get(each.key or "")
            if not each.done:
                first.setdefault(each.key or id(each), each)
        # In an order that stays from round to round, so that the texts of a call stay too.
        unique = sorted(first.values(), key=lambda each: id(each.wish[0].embedding))
        if not unique:
            return
        self.calls += len(unique)
        if self._company is Company.OWN:
            for each in unique:
                each.answers = evaluate(self._model, each.wish)
        else:
            together = tuple(rows for each in unique for rows in each.wish)
            block = BLOCK if self._company is Company.BLOCKS else None
            answers = evaluate(self._model, together, CELLS, block, self._shares)
            for each in unique:
                count = len(each.wish)
                each.answers, answers = answers[:count], answers[count:]
        for each in round_:
            if not each.done:
                each.answers = first[each.key or id(each)].answers
            if each.key and each.answers is not None:
                self._recent[each.key] = each.answers
        while len(self._recent) > RECENT:
            self._recent.popitem(last=False)


@dataclass
class BatchingSampler:
    """The tables of one device, by model. May be used from several threads."""

    company: Company = Company.OWN
    calls: int = 0
    """Wishes computed so far."""
    shares: Shares = field(default_factory=Shares)
    _tables: dict[str, Table] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _device: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def table(self, name: str, make: Callable[[], Denoiser]) -> Iterator[Table]:
        """A seat at the table of the model `name`, which is made where there is none."""
        with self._lock:
            if name not in self._tables:
                self._tables[name] = Table(make(), self.company, self._device, self.shares)
            table = self._tables[name]
            seat = table.seat()
            seat.__enter__()
        try:
            yield table
        finally:
            with self._lock:
                seat.__exit__(None, None, None)
                if table.seats == 0:
                    self.calls += table.calls
                    del self._tables[name]
