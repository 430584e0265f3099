"""A dry run says what the run then does."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.dry_run import dry_run
from nodeflow.engine.run import Engine
from tests.engine.counting import Counted, checked
from tests.engine.test_model_based import Graph, histories

CHAIN: Graph = {
    "a": ("Add", {"a": 1}),
    "b": ("Add", {"a": "$a", "b": 2}),
    "show": ("Show", {"a": "$b"}),
}


def test_a_dry_run_computes_and_writes_nothing(tmp_path: Path) -> None:
    counted = Counted()
    graph = checked(CHAIN, counted.registry())
    engine = Engine(disk=DiskCache(tmp_path))
    found = dry_run(engine, graph)
    assert [node.action for node in found.nodes.values()] == ["run"] * 3
    assert found.unknown == 3 and not counted.runs
    engine.run(graph)
    assert engine.disk is not None
    before = engine.disk.index.rows("select * from results")
    again = dry_run(engine, graph)
    assert [node.action for node in again.nodes.values()] == ["reuse"] * 3
    assert (
        again.nodes["show"].tier == "memory"
        and engine.disk.index.rows("select * from results") == before
    )
    edited = dry_run(engine, checked({**CHAIN, "a": ("Add", {"a": 5})}, counted.registry()))
    assert edited.nodes["a"].reason == "a changed from 1 to 5"
    assert edited.unknown == 0 and edited.seconds > 0
    assert sum(counted.runs.values()) == 3


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_what_runs_was_announced(history: list[tuple[Graph, bool]]) -> None:
    counted = Counted()
    registry, engine = counted.registry(), Engine()
    for graph, _ in history:
        workflow = checked(graph, registry)
        announced = {n for n, p in dry_run(engine, workflow).nodes.items() if p.action == "run"}
        counted.runs.clear()
        engine.run(workflow)
        assert set(counted.runs) <= announced
