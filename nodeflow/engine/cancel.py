"""Ctrl-C as an orderly cancellation: the first asks, the second interrupts."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def cancel_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Within the block SIGINT and SIGTERM set a flag, which the value yielded tells.

    Nodes notice it between two sampler steps. A second SIGINT raises KeyboardInterrupt.
    """
    flag = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if flag.is_set():
            raise KeyboardInterrupt
        flag.set()

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, ask) for number in signals]
    try:
        yield flag.is_set
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
