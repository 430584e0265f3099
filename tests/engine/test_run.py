"""Single behaviours of a run."""

import sqlite3
from pathlib import Path
from types import MappingProxyType

import pytest
import torch

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.run import Engine
from nodeflow.engine.upkeep import stats
from nodeflow.node import Artifacts, node
from nodeflow.node.context import Cancelled
from nodeflow.node.declare import read_spec
from nodeflow.node.plugins import Registry
from nodeflow.node.spec import Plugin
from nodeflow.values import Mask
from tests.engine.counting import Counted, checked

CHAIN = {"a": ("Add", {"a": 1}), "b": ("Add", {"a": "$a", "b": 2}), "show": ("Show", {"a": "$b"})}


def engine_at(folder: Path) -> Engine:
    return Engine(disk=DiskCache(folder))


def test_second_run_computes_nothing(tmp_path: Path) -> None:
    counted = Counted()
    graph = checked(CHAIN, counted.registry())
    engine = engine_at(tmp_path)
    assert engine.run(graph).outputs["show"].text == ("3",)
    counted.runs.clear()
    assert engine.run(graph).outputs["show"].text == ("3",)
    assert engine_at(tmp_path).run(graph).outputs["show"].text == ("3",)
    assert not counted.runs


def test_reasons_name_the_first_cause(tmp_path: Path) -> None:
    counted = Counted()
    engine = engine_at(tmp_path)
    first = engine.run(checked(CHAIN, counted.registry()))
    assert {event.reason for event in first.nodes.values()} == {"never computed"}
    edited = {**CHAIN, "a": ("Add", {"a": 5})}
    second = engine_at(tmp_path).run(checked(edited, counted.registry()))
    assert second.nodes["a"].reason == "a changed from 1 to 5"
    assert second.nodes["b"].reason == "'a' before it changed"
    third = engine_at(tmp_path).run(checked(edited, counted.registry("other code")))
    assert third.nodes["a"].reason == "the node's code changed"


def test_going_back_reuses_the_old_result(tmp_path: Path) -> None:
    counted = Counted()
    registry = counted.registry()
    engine = engine_at(tmp_path)
    for value in (1, 2, 3, 4):
        engine.run(checked({**CHAIN, "a": ("Add", {"a": value})}, registry))
    counted.runs.clear()
    engine.run(checked(CHAIN, registry))
    assert not counted.runs


def test_a_failure_leaves_other_branches_and_their_results(tmp_path: Path) -> None:
    counted = Counted()
    graph = {
        **CHAIN,
        "bad": ("Fail", {"a": 1}),
        "after": ("Add", {"a": "$bad"}),
        "lost": ("Show", {"a": "$after"}),
    }
    result = engine_at(tmp_path).run(checked(graph, counted.registry()))
    assert [f.node for f in result.failures] == ["bad"]
    assert "odd" in str(result.failures[0])
    assert result.outputs["show"].text == ("3",)
    assert result.nodes["lost"].state == "skipped"
    counted.runs.clear()
    engine_at(tmp_path).run(checked(graph, counted.registry()))
    assert set(counted.runs) == {"bad"}


def test_a_long_chain_needs_no_recursion(tmp_path: Path) -> None:
    counted = Counted()
    nodes: dict[str, tuple[str, dict[str, object]]] = {"n0": ("Add", {"a": 1})}
    for i in range(1, 3000):
        nodes[f"n{i}"] = ("Add", {"a": f"$n{i - 1}", "b": 1})
    nodes["show"] = ("Show", {"a": "$n2999"})
    result = engine_at(tmp_path).run(checked(nodes, counted.registry()))
    assert result.outputs["show"].text == ("3000",)
    assert all(times == 1 for times in counted.runs.values())


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_damaged_entries_are_computed_again(tmp_path: Path, damage: str) -> None:
    registry, runs = mask_registry()
    nodes: dict[str, tuple[str, dict[str, object]]] = {
        "make": ("Make", {"value": 0.5}),
        "show": ("Total", {"mask": "$make", "offset": 0}),
    }
    engine = engine_at(tmp_path)
    wanted = engine.run(checked(nodes, registry)).outputs["show"].text
    assert engine.disk is not None
    engine.disk.close()
    files = [p for p in (tmp_path / "v2" / "values").rglob("*") if p.is_file()]
    assert files
    for file in files:
        data = bytearray(file.read_bytes())
        if damage == "flip":
            data[-3] ^= 0xFF
            file.write_bytes(data)
        elif damage == "truncate":
            file.write_bytes(data[:-7])
        else:
            file.unlink()
    runs.clear()
    edited = {**nodes, "show": ("Total", {"mask": "$make", "offset": 1})}
    again = engine_at(tmp_path).run(checked(edited, registry))
    assert float(again.outputs["show"].text[0]) == pytest.approx(float(wanted[0]) + 1)
    assert runs == ["make"]


def test_a_foreign_index_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "v2").mkdir()
    (tmp_path / "v2" / "index.sqlite").write_bytes(b"this is no database at all" * 100)
    counted = Counted()
    result = engine_at(tmp_path).run(checked(CHAIN, counted.registry()))
    assert result.outputs["show"].text == ("3",)


def test_a_busy_index_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    cache.put_all([("a" * 40, "Test", b"kept", 0.1)])
    cache.close()
    other = sqlite3.connect(tmp_path / "v2" / "index.sqlite", isolation_level=None)
    other.execute("pragma journal_mode=delete")
    other.execute("begin exclusive")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        DiskCache(tmp_path, patience=0.05)
    other.execute("rollback")
    other.close()
    assert stats(DiskCache(tmp_path)).entries == 1


def test_two_caches_on_one_folder_share_results(tmp_path: Path) -> None:
    counted = Counted()
    first, second = engine_at(tmp_path), engine_at(tmp_path)
    first.run(checked(CHAIN, counted.registry()))
    counted.runs.clear()
    second.run(checked(CHAIN, counted.registry()))
    assert not counted.runs


def test_the_limit_is_kept(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, limit=50_000)
    for i in range(10):
        cache.put_all([(f"{i:040}", "Test", bytes(20_000), 0.1)])
    assert cache.trim() > 0
    assert stats(cache).bytes <= 50_000
    assert cache.get(f"{9:040}") is not None
    assert cache.get(f"{0:040}") is None


def test_cancelling_stops_between_nodes(tmp_path: Path) -> None:
    counted = Counted()
    engine = engine_at(tmp_path)
    with pytest.raises(Cancelled):
        engine.run(checked(CHAIN, counted.registry()), cancelled=lambda: counted.runs["a"] > 0)
    assert counted.runs["a"] == 1 and counted.runs["b"] == 0
    engine.run(checked(CHAIN, counted.registry()))
    assert counted.runs["a"] == 1


def test_changing_an_input_in_place_is_caught(tmp_path: Path) -> None:
    registry, _ = mask_registry()
    nodes: dict[str, tuple[str, dict[str, object]]] = {
        "make": ("Make", {"value": 0.5}),
        "spoil": ("Spoil", {"mask": "$make"}),
        "show": ("Total", {"mask": "$spoil", "offset": 0}),
    }
    result = Engine().run(checked(nodes, registry))
    assert [f.node for f in result.failures] == ["spoil"]
    assert "changed its input 'mask' in place" in str(result.failures[0])


def mask_registry() -> tuple[Registry, list[str]]:
    """Nodes with tensors, and the list of those that ran."""
    runs: list[str] = []

    @node("Make", category="test")
    def make(value: float) -> Mask:
        """A large mask."""
        runs.append("make")
        return torch.full((1, 128, 128), value)

    @node("Spoil", category="test")
    def spoil(mask: Mask) -> Mask:
        """Breaks the rule."""
        return mask.add_(1)

    @node("Total", category="test", output=True)
    def total(mask: Mask, offset: int) -> Artifacts:
        """The sum."""
        return Artifacts(text=(str(float(mask.sum()) + offset),))

    plugin = Plugin("test", "test.py", "digest")
    specs = [read_spec(function, plugin) for function in (make, spoil, total)]
    return Registry(MappingProxyType({spec.id: spec for spec in specs})), runs


def test_the_index_is_in_wal_mode(tmp_path: Path) -> None:
    DiskCache(tmp_path).close()
    index = sqlite3.connect(tmp_path / "v2" / "index.sqlite")
    assert index.execute("pragma journal_mode").fetchone() == ("wal",)
    index.close()
