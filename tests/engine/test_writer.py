"""Writing behind a run: bounded, honest about what it drops, stopped by nothing."""

import threading
from contextlib import closing
from pathlib import Path

import torch

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.events import CacheTrouble
from nodeflow.engine.memory_cache import MemoryCache
from nodeflow.engine.results import Results
from nodeflow.engine.writer import Job, Writer


def test_a_backlog_stays_within_its_bound_and_keeps_the_worthiest(tmp_path: Path) -> None:
    gate, begun = threading.Event(), threading.Event()

    def slow() -> bytes:
        begun.set()
        gate.wait(20)
        return b"first"

    with closing(DiskCache(tmp_path)) as cache:
        writer = Writer(cache, backlog=1000)
        writer.put(Job("f" * 40, "T", 100, 1.0, slow))
        assert begun.wait(20)
        for i in range(10):
            writer.put(Job(f"{i:040x}", "T", 300, float(i), lambda: b"later"))
        gate.set()
        assert writer.finish()
        assert [i for i in range(10) if cache.has(f"{i:040x}")] == [7, 8, 9]
        assert writer.take_troubles() == [
            "the disk is slower than the run: results are not kept (7 times)"
        ]
        assert cache.has("f" * 40)


def test_one_result_that_cannot_be_stored_leaves_the_others(tmp_path: Path) -> None:
    troubles: list[CacheTrouble] = []
    with closing(DiskCache(tmp_path)) as cache:
        results = Results(MemoryCache(), cache, troubles.append)
        results.keep("a" * 40, "Odd", ({1, 2},), 1.0, on_disk=True)
        results.keep("b" * 40, "Even", (2,), 1.0, on_disk=True)
        assert not results.finish()
        assert cache.has("b" * 40) and not cache.has("a" * 40)
        assert "a result of Odd" in troubles[0].message and "type set" in troubles[0].message


def test_forgetting_reaches_memory_disk_and_what_waits(tmp_path: Path) -> None:
    with closing(DiskCache(tmp_path)) as cache:
        results = Results(MemoryCache(), cache, lambda trouble: None)
        results.keep("a" * 40, "T", (1,), 1.0, on_disk=True)
        results.forget("a" * 40)
        results.keep("b" * 40, "T", (1,), 1.0, on_disk=True)
        results.finish()
        assert results.where("a" * 40) is None and not cache.has("a" * 40)
        found = results.where("b" * 40)
        assert found is not None and found.tier == "host"
        on_disk = Results(MemoryCache(), cache, lambda trouble: None).where("b" * 40)
        assert on_disk is not None and on_disk.tier == "disk"


def test_a_value_changed_before_it_is_written_does_not_reach_the_disk(tmp_path: Path) -> None:
    with closing(DiskCache(tmp_path)) as cache:
        results = Results(MemoryCache(), cache, lambda trouble: None)
        gate = threading.Event()
        cache.writer.put(Job("0" * 40, "Slow", 1, 1.0, lambda: b"x" if gate.wait(20) else None))
        spoiled, kept = torch.zeros(4), torch.zeros(4)
        results.keep("a" * 40, "T", (spoiled,), 1.0, on_disk=True)
        results.keep("b" * 40, "T", (kept,), 1.0, on_disk=True)
        spoiled.add_(1)
        gate.set()
        results.finish()
        assert not cache.has("a" * 40) and cache.has("b" * 40)
