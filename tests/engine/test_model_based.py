"""Over random graphs and edits, a cached run equals a fresh one and does only what it must."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.run import Engine, RunResult
from tests.engine.counting import Counted, checked

Graph = dict[str, tuple[str, dict[str, object]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A DAG of 2 to 8 inner nodes and 1 to 3 outputs."""
    count = draw(st.integers(2, 8))
    nodes: Graph = {}
    for i in range(count):
        kind = draw(st.sampled_from(["Add", "Add", "Add", "Fail", "Dice"]))
        inputs: dict[str, object] = {}
        for port in ("a", "b") if kind == "Add" else ("a",):
            if i and draw(st.booleans()):
                inputs[port] = f"$n{draw(st.integers(0, i - 1))}"
            else:
                inputs[port] = draw(st.integers(0, 3))
        nodes[f"n{i}"] = (kind, inputs)
    for i in range(draw(st.integers(1, 3))):
        nodes[f"out{i}"] = ("Show", {"a": f"$n{draw(st.integers(0, count - 1))}"})
    return nodes


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Graph, bool]]:
    """A graph and edits of its literals, with a restart before some of the runs."""
    graph = draw(graphs())
    history = [(graph, False)]
    for _ in range(draw(st.integers(1, 4))):
        graph = {name: (kind, dict(inputs)) for name, (kind, inputs) in graph.items()}
        literals = [
            (n, p) for n, (_, i) in graph.items() for p, v in i.items() if isinstance(v, int)
        ]
        if literals and draw(st.booleans()):
            name, port = draw(st.sampled_from(literals))
            graph[name][1][port] = draw(st.integers(0, 3))
        history.append((graph, draw(st.booleans())))
    return history


def texts(result: RunResult) -> dict[str, tuple[str, ...]]:
    """What the output nodes showed."""
    return {name: artifacts.text for name, artifacts in result.outputs.items()}


def impure_ancestry(graph: Graph) -> set[str]:
    """Nodes that have an impure node above them, or are one."""
    found: set[str] = set()
    for name, (kind, inputs) in graph.items():
        above = {v[1:] for v in inputs.values() if isinstance(v, str)}
        if kind == "Dice" or above & found:
            found.add(name)
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_cached_equals_fresh_and_is_minimal(history: list[tuple[Graph, bool]]) -> None:
    with TemporaryDirectory() as folder:
        counted = Counted()
        registry = counted.registry()
        engine = Engine(disk=DiskCache(Path(folder)))
        computed: set[tuple[str, str]] = set()
        for graph, restart in history:
            if restart:
                assert engine.disk is not None
                engine.disk.close()
                engine = Engine(disk=DiskCache(Path(folder)))
            counted.runs.clear()
            plan_keys = engine.plan(checked(graph, registry)).keys
            result = engine.run(checked(graph, registry))
            fresh = Engine().run(checked(graph, Counted().registry()))
            assert texts(result) == texts(fresh)
            assert {f.node for f in result.failures} == {f.node for f in fresh.failures}
            impure = impure_ancestry(graph)
            for name, times in counted.runs.items():
                assert times == 1
                if name not in impure:
                    assert ("key", plan_keys[name]) not in computed or name in {
                        f.node for f in result.failures
                    }
            failed = {f.node for f in result.failures}
            computed |= {("key", plan_keys[n]) for n in counted.runs if n not in failed}
        assert engine.disk is not None
        engine.disk.close()


def lose(engine: Engine, keys: Iterable[str], damage: bool) -> None:
    """Take results away as eviction does, or change their bytes on the disk; memory is empty."""
    disk, keys = engine.disk, list(keys)
    assert disk is not None
    engine.memory.clear()
    if not damage:
        disk.drop_all(keys)
        return
    with closing(sqlite3.connect(disk.folder / "index.sqlite")) as index, index:
        for key in keys:
            index.execute("update inline set data = data || x'00' where key = ?", (key,))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories(), st.data())
def test_what_was_evicted_or_damaged_alone_is_computed_again(
    history: list[tuple[Graph, bool]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        counted = Counted()
        registry = counted.registry()
        engine = Engine(disk=DiskCache(Path(folder)))
        intact: set[str] = set()
        for graph, restart in history:
            assert engine.disk is not None
            if restart:
                engine.disk.close()
                engine = Engine(disk=DiskCache(Path(folder)))
            if intact and data.draw(st.booleans()):
                lost = set(data.draw(st.lists(st.sampled_from(sorted(intact)), max_size=4)))
                lose(engine, lost, damage=data.draw(st.booleans()))
                intact -= lost
            counted.runs.clear()
            keys = engine.plan(checked(graph, registry)).keys
            result = engine.run(checked(graph, registry))
            fresh = Engine().run(checked(graph, Counted().registry()))
            assert texts(result) == texts(fresh)
            failed = {f.node for f in result.failures}
            assert failed == {f.node for f in fresh.failures}
            impure = impure_ancestry(graph)
            for name, times in counted.runs.items():
                assert times == 1
                assert keys[name] not in intact or name in impure | failed
            intact |= {keys[n] for n in counted.runs if n not in failed | impure}
        assert engine.disk is not None
        engine.disk.close()
