"""Runs that alternate models, LoRAs, strengths and sizes do not grow."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.heavy
def test_two_hundred_runs_hold_what_a_hundred_held() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "memory.py"), "alternate"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, check=False)
    assert done.returncode == 0, done.stderr
    lines = re.findall(r"after +(\d+) runs: (\d+) MB of the process, (\d+) MB", done.stdout)
    held = {int(runs): int(process) for runs, process, _ in lines}
    weights = [int(size) for _, _, size in lines]
    assert list(held) == [0, 50, 100, 150, 200] and max(weights) <= 60
    assert held[200] <= held[100] + 12, done.stdout
