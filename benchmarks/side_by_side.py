"""Two things timed in turn, A B A B, and the ratio of their medians."""

import statistics
import time
from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> str:
    """One line: both medians and ours / theirs, after one round that is not counted."""
    ours(), theirs()
    a, b = [], []
    for _ in range(rounds):
        a.append(seconds(ours))
        b.append(seconds(theirs))
    left, right = statistics.median(a), statistics.median(b)
    return f"ours {left:.4f} s, theirs {right:.4f} s, ratio {left / right:.3f}"
