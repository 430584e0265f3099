"""Whole commands against `import torch`, in turn, in one run. `python benchmarks/startup.py`."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 7


def main() -> None:
    """Print the median of each command and its ratio to `import torch`."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NODEFLOW_CONFIG": folder, "NODEFLOW_CACHE": f"{folder}/cache"}
        workflow = str(ROOT / "workflows" / "txt2img.yaml")
        nodeflow = [sys.executable, "-m", "nodeflow"]
        commands = {
            "import torch": [sys.executable, "-c", "import torch"],
            "--help": [*nodeflow, "--help"],
            "validate": [*nodeflow, "validate", workflow],
            "run, nothing cached": [*nodeflow, "run", workflow, "--no-cache"],
            "run, all on disk": [*nodeflow, "run", workflow],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for i in range(ROUNDS + 1):
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(
                    command, cwd=folder, env=environment, check=True, capture_output=True
                )
                if i:
                    times[name].append(time.perf_counter() - began)
        base = statistics.median(times["import torch"])
        for name, values in times.items():
            median = statistics.median(values)
            print(f"{name:<20} {median:7.3f} s  {median / base:6.2f} x  {median - base:+7.2f} s")


if __name__ == "__main__":
    main()
