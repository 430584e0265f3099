"""What txt2img computes after edits, as shares of a first run. `python benchmarks/reuse.py`."""

import statistics
import tempfile
import time
from pathlib import Path

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.run import Engine
from nodeflow.graph.edit import set_inputs
from nodeflow.interop.open import open_workflow
from nodeflow.node.check import check
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import load_registry
from nodeflow.node.trust import TrustList

ROOT = Path(__file__).parents[1]
ROUNDS = 5
OTHERS = ("a cat", "a dog", "an owl", "a castle", "a robot")


def main() -> None:
    """Print each kind of edit: its time, its share of the first run, and which nodes ran."""
    registry = load_registry([], TrustList(Path("nowhere.json")))
    base = open_workflow(ROOT / "workflows" / "txt2img.yaml")
    taken: dict[str, list[float]] = {}
    ran: dict[str, list[str]] = {}
    for round in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as folder:
            engine = Engine(disk=DiskCache(Path(folder) / "cache"))
            folders = Folders(output=Path(folder) / "output")

            def run(
                name: str,
                settings: dict[tuple[str, str], object],
                engine: Engine = engine,
                folders: Folders = folders,
                counted: bool = round > 0,
            ) -> None:
                began = time.perf_counter()
                workflow = check(set_inputs(base, settings), registry, folders)
                result = engine.run(workflow)
                if counted:
                    taken.setdefault(name, []).append(time.perf_counter() - began)
                ran[name] = [n for n, node in result.nodes.items() if node.state == "ran"]

            first = {("positive", "text"): f"a rocket on a blue background, try {round}"}
            run("first", first)
            run("the same again", first)
            for other in OTHERS:
                run("another prompt", {("positive", "text"): f"{other}, try {round}"})
            run("back to the first", first)
            run("another file prefix", {**first, ("save", "filename_prefix"): "other"})
            if engine.disk is not None:
                engine.disk.close()
    whole = statistics.median(taken["first"])
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        names = " ".join(ran[name]) or "-"
        print(f"{name:<20} {median:7.4f} s  {median / whole:6.1%}  ran {names}")


if __name__ == "__main__":
    main()
