"""Samplings that are killed go on where they were, and give the same bytes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.diffusion.killed_samplings import EVERY

ROOT = Path(__file__).parents[2]


def killed(folder: Path, threads: int, seed: int) -> list[dict[str, object]]:
    """Every sampler killed once at a random call, in processes of their own."""
    command = [sys.executable, "-m", "tests.diffusion.killed_samplings"]
    # Threads that wait do not spin: on busy cores that is many times faster, and the same bits.
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(
        [*command, str(folder), str(threads), str(seed)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(lines: list[dict[str, object]]) -> None:
    """The same bytes, and no call made twice where its answer was on disk."""
    assert [line["sampler"] for line in lines] == list(EVERY)
    for line in lines:
        calls, before = int(str(line["calls"])), int(str(line["killed_before"]))
        reused, computed = int(str(line["reused"])), int(str(line["computed"]))
        assert line["same"], line
        assert reused + computed == calls, line
        spread = int(str(line["repeated"]))
        assert (before if line["waited"] else 0) <= reused <= before + spread, line


def test_every_sampler_survives_kill_9(tmp_path: Path) -> None:
    check(killed(tmp_path, threads=1, seed=20))


@pytest.mark.heavy
def test_every_sampler_survives_kill_9_on_two_threads(tmp_path: Path) -> None:
    check(killed(tmp_path, threads=2, seed=1))
