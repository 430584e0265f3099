"""What the engine costs beyond the nodes' own work: trivial nodes, microseconds each.

"again" is the median of five runs; the rest is timed once, since a second run is another case.

`python benchmarks/engine_overhead.py`
"""

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.run import Engine
from nodeflow.graph.document import NodeEntry, Reference, Workflow
from nodeflow.node import Artifacts, node
from nodeflow.node.check import check
from nodeflow.node.declare import read_spec
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry
from nodeflow.node.spec import Plugin


@node("Join", category="benchmark")
def join(string_a: str, string_b: str = "") -> str:
    """A trivial node whose result is kept."""
    return string_a[:1] + string_b[:1]


@node("Show", category="benchmark", output=True)
def show(source: str) -> Artifacts:
    """The root."""
    return Artifacts(text=(source,))


def entry(name: str, a: str | None, b: str | None) -> NodeEntry:
    """A node that joins two texts."""
    first = Reference(a) if a else "x"
    second = Reference(b) if b else ""
    return NodeEntry(name, "Join", {"string_a": first, "string_b": second})


def chain(count: int) -> Workflow:
    """Each node after the one before."""
    nodes = {f"n{i}": entry(f"n{i}", f"n{i - 1}" if i else None, None) for i in range(count)}
    return shown(nodes, f"n{count - 1}")


def fan(count: int) -> Workflow:
    """One source, an output behind each of the others."""
    nodes = {f"n{i}": entry(f"n{i}", "n0" if i else None, None) for i in range(count // 2)}
    shows = {f"s{i}": NodeEntry(f"s{i}", "Show", {"source": Reference(f"n{i}")})
             for i in range(count // 2)}  # fmt: skip
    return Workflow({**nodes, **shows}, source="benchmark")


def dag(count: int) -> Workflow:
    """Each node joins the one before it and any of the fifty before that."""
    draw = random.Random(1)
    nodes = {
        f"n{i}": entry(
            f"n{i}",
            f"n{i - 1}" if i else None,
            f"n{draw.randrange(max(i - 50, 0), i)}" if i else None,
        )
        for i in range(count)
    }
    return shown(nodes, f"n{count - 1}")


def shown(nodes: dict[str, NodeEntry], last: str) -> Workflow:
    """The graph with an output."""
    text = NodeEntry("show", "Show", {"source": Reference(last)})
    return Workflow({**nodes, "show": text}, source="benchmark")


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Print microseconds a node."""
    plugin = Plugin("benchmark", __file__, "digest")
    specs = [read_spec(function, plugin) for function in (join, show)]
    registry = Registry({spec.id: spec for spec in specs})
    for count in (1_000, 10_000):
        for shape in (chain, fan, dag):
            workflow = shape(count)
            with tempfile.TemporaryDirectory() as folder:
                engine = Engine(disk=DiskCache(Path(folder)))
                checking = timed(lambda w=workflow: check(w, registry, Folders()))
                checked = check(workflow, registry, Folders())
                planning = timed(lambda e=engine, c=checked: e.plan(c))
                first = timed(lambda e=engine, c=checked: e.run(c))
                again = median(timed(lambda e=engine, c=checked: e.run(c)) for _ in range(5))
            figures = [1e6 * value / count for value in (checking, planning, first, again)]
            print(
                f"{shape.__name__} of {count:,}: check {figures[0]:.0f}, plan and keys "
                f"{figures[1]:.0f}, first run {figures[2]:.0f}, again {figures[3]:.0f} µs a node"
            )


if __name__ == "__main__":
    main()
