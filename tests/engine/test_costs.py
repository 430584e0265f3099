"""What estimates are made of."""

import sys
from pathlib import Path
from types import MappingProxyType, ModuleType

import pytest

from nodeflow.engine.costs import Costs
from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.dry_run import dry_run
from nodeflow.engine.invoke import LIBRARY
from nodeflow.engine.ledger import Ledger
from nodeflow.engine.run import Engine
from nodeflow.node import Artifacts, node
from nodeflow.node.declare import read_spec
from nodeflow.node.plugins import Registry
from nodeflow.node.spec import Plugin
from tests.engine.counting import checked


def test_a_mean_rises_slowly_and_falls_at_once(tmp_path: Path) -> None:
    costs = Costs(Ledger(DiskCache(tmp_path)), "cpu")
    found = []
    for seconds in (4.0, 0.1, 0.2, 0.08):
        costs.note([("Add 1 run", seconds)])
        found.append(costs.seconds()["Add 1 run"])
    assert found == pytest.approx([4.0, 0.1, 0.13, 0.115])


def test_the_time_that_a_library_took_to_load_is_not_the_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @node("Heavy", category="test", output=True)
    def heavy(a: int) -> Artifacts:
        """Loads a library at first."""
        for number in range(LIBRARY):
            name = f"a_library.part_{number}"
            if name not in sys.modules:
                monkeypatch.setitem(sys.modules, name, ModuleType(name))
        return Artifacts()

    spec = read_spec(heavy, Plugin("test", "test.py", "digest"))
    registry = Registry(MappingProxyType({spec.id: spec}))
    engine = Engine(disk=DiskCache(tmp_path))

    def unknown(a: int) -> int:
        return dry_run(engine, checked({"heavy": ("Heavy", {"a": a})}, registry)).unknown

    engine.run(checked({"heavy": ("Heavy", {"a": 1})}, registry))
    assert unknown(2) == 1
    engine.run(checked({"heavy": ("Heavy", {"a": 2})}, registry))
    assert unknown(3) == 0
