"""The tiers of results: reading a latent and an image, 100,000 entries, writing behind a run.

`python benchmarks/cache_tiers.py [--quick]`. Every figure comes with the median of its rounds.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.memory_cache import MemoryCache
from nodeflow.engine.results import Results
from nodeflow.engine.upkeep import collect


def median(work: Callable[[], object], rounds: int) -> float:
    """Seconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def results_of(disk: DiskCache | None) -> Results:
    """Fresh memory above the disk."""
    return Results(MemoryCache(), disk, lambda trouble: print(trouble.message, file=sys.stderr))


def reading(rounds: int) -> None:
    """Milliseconds from the disk tier to a tensor."""
    import torch

    from nodeflow.diffusion.latent import Latent

    values = {
        "latent of 512 px": (Latent(torch.randn(1, 4, 64, 64)),),
        "image of 512 px": (torch.rand(1, 512, 512, 3),),
    }
    with tempfile.TemporaryDirectory() as folder, closing(DiskCache(Path(folder))) as disk:
        for i, (name, value) in enumerate(values.items()):
            key = f"{i:040x}"
            results_of(disk).keep(key, "Benchmark", value, 1.0, on_disk=True)
            disk.writer.finish()
            took = median(lambda key=key: results_of(disk).read(key), rounds)
            print(f"read: {name} {1e3 * took:.2f} ms")


def many(count: int, rounds: int) -> None:
    """Opening, look-ups and gc of a large cache."""
    with tempfile.TemporaryDirectory() as folder:
        with closing(DiskCache(Path(folder))) as disk:
            for start in range(0, count, 5000):
                disk.put_all(
                    [(f"{i * 7919:040x}", "Benchmark", bytes(400), 0.01 * (i % 90))
                     for i in range(start, min(start + 5000, count))]
                )  # fmt: skip
        opening = median(lambda: DiskCache(Path(folder)).close(), rounds)
        with closing(DiskCache(Path(folder))) as disk, closing(DiskCache(Path(folder))) as other:
            keys = [f"{i * 7919:040x}" for i in range(0, count, max(1, count // 2000))]
            began = time.perf_counter()
            for key in keys:
                disk.get(key)
            look_up = (time.perf_counter() - began) / len(keys)
            print(f"{count:,} entries: open {1e3 * opening:.1f} ms, look up {1e6 * look_up:.0f} µs")
            waits: list[float] = []
            worker = threading.Thread(target=lambda: collect(other, count * 200))
            began = time.perf_counter()
            worker.start()
            i = 0
            while worker.is_alive():
                start = time.perf_counter()
                disk.put_all([(f"{i:x}".rjust(40, "f"), "Benchmark", bytes(400), 1.0)])
                waits.append(time.perf_counter() - start)
                i += 1
                time.sleep(0.002)
            worker.join()
            print(f"gc of half of them: {time.perf_counter() - began:.1f} s; the writes of a run "
                  f"beside it: median {1e3 * statistics.median(waits):.1f} ms, "
                  f"longest {1e3 * max(waits):.1f} ms")  # fmt: skip


def behind(rounds: int) -> None:
    """What keeping results on disk adds to nodes of half a second that each make a 512 px image."""
    import torch

    matrix = torch.randn(400, 400)

    def run(disk: DiskCache | None, salt: int) -> None:
        results = results_of(disk)
        for i in range(4):
            until = time.thread_time() + 0.5
            while time.thread_time() < until:
                matrix @ matrix
            image = torch.rand(1, 512, 512, 3)
            results.keep(f"{salt * 100 + i:040x}", "Benchmark", (image,), 0.5, on_disk=True)
        results.finish()

    with tempfile.TemporaryDirectory() as folder, closing(DiskCache(Path(folder))) as disk:
        walls: dict[bool, list[float]] = {False: [], True: []}
        works: dict[bool, list[float]] = {False: [], True: []}
        for i in range(rounds):
            for keep in (False, True):
                began, busy = time.perf_counter(), time.process_time()
                run(disk if keep else None, i)
                walls[keep].append(time.perf_counter() - began)
                works[keep].append(time.process_time() - busy)
        wall, work = (
            100 * (statistics.median(times[True]) / statistics.median(times[False]) - 1)
            for times in (walls, works)
        )
        print(f"writing behind 4 nodes of 0.5 s with a 512 px image each: "
              f"{wall:+.1f} % of the time, {work:+.1f} % of the processor's work")  # fmt: skip


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer entries and rounds")
    quick = parser.parse_args().quick
    reading(5 if quick else 30)
    many(5_000 if quick else 100_000, 3 if quick else 15)
    behind(1 if quick else 5)


if __name__ == "__main__":
    main()
