"""Early cutoff, lazy inputs, expansion, lanes, retries, files put back."""

import asyncio
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
import torch

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.events import Event, NodeExpanded, NodeRetried
from nodeflow.engine.run import Engine
from nodeflow.node import Artifacts, Expansion, Folders, RunContext, node
from nodeflow.node.check import check
from nodeflow.node.checked import CheckedNode, Link
from nodeflow.node.declare import read_spec
from nodeflow.node.plugins import Registry
from nodeflow.node.spec import Plugin
from nodeflow.values import Mask
from tests.engine.counting import checked, workflow

runs: Counter[str] = Counter()
PLUGIN = Plugin("test", "test.py", "digest")
TOGETHER = threading.Barrier(2, timeout=20)
fails_left: Counter[str] = Counter()


@node("Half", category="test")
def half(a: int, context: RunContext) -> int:
    """Half of it, rounded down."""
    runs[context.node] += 1
    return a // 2


@node("Fill", category="test")
def fill(value: int, context: RunContext) -> Mask:
    """A mask of the value's sign."""
    runs[context.node] += 1
    return torch.full((1, 64, 64), float(value > 0))


@node("Total", category="test", output=True)
def total(source: object, context: RunContext) -> Artifacts:
    """Shows a sum, or the value."""
    runs[context.node] += 1
    shown = float(source.sum()) if isinstance(source, torch.Tensor) else source
    return Artifacts(text=(str(shown),))


def asked(known: Mapping[str, object]) -> list[str]:
    """The branch that is wanted."""
    return ["on_true" if known["which"] else "on_false"]


@node("Choose", category="test", lazy=("on_true", "on_false"), needs=asked)
def choose(which: int, on_true: int, on_false: int, context: RunContext) -> int:
    """One of two."""
    runs[context.node] += 1
    return on_true if which else on_false


def steps(found: CheckedNode, values: Mapping[str, object]) -> Expansion:
    """`times` halvings, one after the other."""
    link, nodes = found.links["a"], {}
    count = values["times"]
    assert isinstance(count, int)
    for i in range(count):
        name = f"{found.name}/{i}"
        nodes[name] = CheckedNode(name, read_spec(half, PLUGIN), {}, {"a": link})
        link = Link(name, 0)
    return Expansion(nodes, (link,))


@node("Halve", category="test", expand=steps)
def halve(a: int, times: int) -> int:
    """Never called: it expands."""
    raise AssertionError


@node("Meet", category="test")
def meet(a: int) -> int:
    """Waits until another one runs at the same time."""
    TOGETHER.wait()
    return a


@node("Sleep", category="test")
async def sleep(a: int, context: RunContext) -> int:
    """A coroutine."""
    runs[context.node] += 1
    await asyncio.sleep(0.01)
    return a + 100


@node("Shaky", category="test", retries=2)
def shaky(a: int, context: RunContext) -> int:
    """Fails as often as it is told."""
    runs[context.node] += 1
    fails_left["shaky"] -= 1
    if fails_left["shaky"] >= 0:
        raise RuntimeError("not yet")
    return a


def bucket(literals: Mapping[str, object], folders: Folders) -> list[str]:
    """What `Clock` depends on."""
    return [(folders.input / "hour").read_text()]


@node("Clock", category="test", pure=False, depends=bucket)
def clock(context: RunContext) -> int:
    """The hour."""
    runs[context.node] += 1
    return int((context.folders.input / "hour").read_text())


@node("Hungry", category="test")
def hungry(a: int, context: RunContext, appetite: int = 1) -> int:
    """Runs out of memory."""
    runs[context.node] += 1
    if runs[context.node] <= appetite:
        raise MemoryError("no memory")
    return a


FUNCTIONS = (half, fill, total, choose, halve, meet, sleep, shaky, clock, hungry)
REGISTRY = Registry(MappingProxyType({s.id: s for s in (read_spec(f, PLUGIN) for f in FUNCTIONS)}))
Nodes = dict[str, tuple[str, dict[str, object]]]


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Nothing has run."""
    runs.clear()


def text(engine: Engine, nodes: Nodes) -> str:
    """What the output node `show` shows."""
    return engine.run(checked(nodes, REGISTRY)).outputs["show"].text[0]


@pytest.mark.parametrize("restart", [False, True])
def test_a_changed_node_with_equal_bytes_stops_the_wave(tmp_path: Path, restart: bool) -> None:
    def graph(number: int) -> Nodes:
        return {
            "half": ("Half", {"a": number}),
            "fill": ("Fill", {"value": "$half"}),
            "show": ("Total", {"source": "$fill"}),
        }

    engine = Engine(disk=DiskCache(tmp_path))
    assert text(engine, graph(4)) == "4096.0"
    runs.clear()
    if restart:
        engine = Engine(disk=DiskCache(tmp_path))
    result = engine.run(checked(graph(5), REGISTRY))
    assert runs == {"half": 1}
    assert result.nodes["show"].cause in ("cut off", "same")
    assert result.nodes["fill"].cause == "cut off"
    assert "same bytes" in result.nodes["fill"].reason
    runs.clear()
    result = engine.run(checked(graph(6), REGISTRY))
    assert runs == {"half": 1, "fill": 1} and result.nodes["show"].cause == "cut off"


def test_without_a_disk_there_is_early_cutoff_too() -> None:
    engine = Engine()
    for number in (4, 5):
        runs.clear()
        nodes: Nodes = {"half": ("Half", {"a": number}), "show": ("Total", {"source": "$half"})}
        assert text(engine, nodes) == "2"
    assert runs == {"half": 1}


def test_equal_nodes_are_computed_once(tmp_path: Path) -> None:
    nodes: Nodes = {f"n{i}": ("Half", {"a": 8}) for i in range(5)}
    nodes |= {f"m{i}": ("Half", {"a": f"$n{i}"}) for i in range(5)}
    nodes |= {f"show{i}": ("Total", {"source": f"$m{i}"}) for i in range(5)}
    result = Engine().run(checked(nodes, REGISTRY))
    assert {a.text for a in result.outputs.values()} == {("2",)}
    assert sum(runs.values()) == 3


@pytest.mark.parametrize("linked", [False, True])
def test_a_lazy_input_is_computed_only_when_asked_for(tmp_path: Path, linked: bool) -> None:
    def graph(which: int, unused: int) -> Nodes:
        return {
            "which": ("Half", {"a": which * 2}),
            "yes": ("Half", {"a": 20}),
            "no": ("Half", {"a": unused}),
            "choose": (
                "Choose",
                {
                    "which": "$which" if linked else which,
                    "on_true": "$yes",
                    "on_false": "$no",
                },
            ),
            "show": ("Total", {"source": "$choose"}),
        }

    engine = Engine(disk=DiskCache(tmp_path))
    assert text(engine, graph(1, 40)) == "10"
    assert runs["no"] == 0 and runs["yes"] == 1
    runs.clear()
    assert text(engine, graph(1, 50)) == "10"
    assert not runs
    assert text(engine, graph(0, 50)) == "25"
    assert runs["yes"] == 0 and runs["no"] == 1


def test_a_node_becomes_others_whose_results_are_kept_one_by_one(tmp_path: Path) -> None:
    def graph(times: int) -> Nodes:
        return {
            "start": ("Half", {"a": 128}),
            "loop": ("Halve", {"a": "$start", "times": times}),
            "show": ("Total", {"source": "$loop"}),
        }

    events: list[Event] = []
    engine = Engine(disk=DiskCache(tmp_path))
    result = engine.run(checked(graph(3), REGISTRY), events.append)
    assert result.outputs["show"].text == ("8",)
    assert NodeExpanded("loop", ("loop/0", "loop/1", "loop/2")) in events
    runs.clear()
    assert text(engine, graph(3)) == "8" and not runs
    assert text(Engine(disk=DiskCache(tmp_path)), graph(5)) == "2"
    assert runs == {"loop/3": 1, "loop/4": 1, "show": 1}


def test_nodes_run_beside_each_other(tmp_path: Path) -> None:
    nodes: Nodes = {
        "a": ("Meet", {"a": 1}),
        "b": ("Meet", {"a": 2}),
        "show": ("Total", {"source": "$a"}),
        "also": ("Total", {"source": "$b"}),
    }
    result = Engine().run(checked(nodes, REGISTRY))
    assert [a.text for a in result.outputs.values()] == [("1",), ("2",)]


def test_coroutines_run_on_a_loop() -> None:
    nodes: Nodes = {f"n{i}": ("Sleep", {"a": i}) for i in range(20)}
    nodes |= {f"show{i}": ("Total", {"source": f"$n{i}"}) for i in range(20)}
    result = Engine().run(checked(nodes, REGISTRY))
    assert result.outputs["show7"].text == ("107",)


def test_a_node_is_retried_as_often_as_it_says() -> None:
    nodes: Nodes = {"n": ("Shaky", {"a": 1}), "show": ("Total", {"source": "$n"})}
    events: list[Event] = []
    fails_left["shaky"] = 2
    assert Engine().run(checked(nodes, REGISTRY), events.append).outputs["show"].text == ("1",)
    assert runs["n"] == 3 and sum(isinstance(e, NodeRetried) for e in events) == 2
    fails_left["shaky"] = 3
    assert [f.message for f in Engine().run(checked(nodes, REGISTRY)).failures] == [
        "RuntimeError: not yet"
    ]


def test_an_impure_node_runs_when_what_it_names_has_changed(tmp_path: Path) -> None:
    folders = Folders(input=tmp_path)
    document = workflow({"n": ("Clock", {}), "show": ("Total", {"source": "$n"})})
    engine = Engine(disk=DiskCache(tmp_path / "cache"))
    for hour, ran in (("1", 1), ("1", 0), ("2", 1), ("1", 0)):
        (tmp_path / "hour").write_text(hour)
        runs.clear()
        result = engine.run(check(document, REGISTRY, folders))
        assert result.outputs["show"].text == (hour,) and runs["n"] == ran


def test_out_of_memory_empties_the_caches_and_tries_once_more() -> None:
    nodes: Nodes = {"n": ("Hungry", {"a": 1}), "show": ("Total", {"source": "$n"})}
    assert text(Engine(), nodes) == "1"
    nodes["n"] = ("Hungry", {"a": 1, "appetite": 9})
    failures = Engine().run(checked(nodes, REGISTRY)).failures
    assert "not enough memory" in failures[0].message and runs["n"] == 4
