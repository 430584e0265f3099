"""kill -9 at random points of the work, however long that takes: two processes on one cache folder.

`NODEFLOW_CRASH_ROUNDS` sets how often; each round kills two processes.
"""

import os
import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.upkeep import GRACE, stats, verify
from nodeflow.values import structured
from tests.engine.crashing import expected

ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("NODEFLOW_CRASH_ROUNDS", "12"))


def start(cache: Path, variant: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.engine.crashing", str(cache), str(variant)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_killed_processes_lose_and_spoil_nothing(tmp_path: Path) -> None:
    chance, kept, shown, reached = random.Random(7), set[str](), 0, 0
    for _ in range(ROUNDS):
        processes = [start(tmp_path, reached), start(tmp_path, reached)]
        for process in processes:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        lines = list[str]()
        for process in processes:
            lines += [process.stdout.readline().strip() for _ in range(chance.randrange(80))]
            time.sleep(chance.uniform(0, 0.01))
            process.kill()
        lines += [line for process in processes for line in process.communicate()[0].splitlines()]
        for process in processes:
            assert process.returncode == -9
        ran = {line.split()[1] for line in lines if line.startswith("ran ")}
        assert not ran & kept, "a finished node was lost"
        for line in lines:
            parts = line.split()
            if parts[0] == "kept" and len(parts[1]) == 40:
                kept.add(parts[1])
            elif parts[0] == "shows" and len(parts) == 3 and len(parts[2]) == 64:
                assert parts[2] == expected(int(parts[1])), "a wrong result was served"
                reached, shown = max(reached, int(parts[1])), shown + 1
        with closing(DiskCache(tmp_path)) as cache:
            for key in kept:
                entry = cache.get(key)
                assert entry is not None
                structured.decode(entry.data)
            assert verify(cache).bad == ()
    assert shown > ROUNDS and len(kept) > ROUNDS
    for path in (tmp_path / "v2" / "values").rglob("*-*"):
        os.utime(path, (path.stat().st_mtime - 2 * GRACE,) * 2)
    with closing(DiskCache(tmp_path)) as cache:
        orphans = verify(cache).orphans
        files = len(list((tmp_path / "v2" / "values").rglob("*-*")))
        large = cache.index.rows("select count(*) from results where file is not null")[0][0]
        assert files == large
        print(f"{2 * ROUNDS} kills: {stats(cache).entries} results sound, {orphans} files removed")
