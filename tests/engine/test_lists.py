"""Lists and loops in runs: per item, cached item by item, whatever only a run can tell."""

from collections import Counter
from pathlib import Path
from types import MappingProxyType

import pytest

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.run import Engine, RunResult
from nodeflow.graph.read import parse_workflow
from nodeflow.node import Artifacts, RunContext, node
from nodeflow.node.check import check
from nodeflow.node.declare import read_spec
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry, load_registry
from nodeflow.node.spec import Plugin


class Counting:
    """Nodes over numbers that note their runs, beside the built-in switch."""

    def __init__(self) -> None:
        self.runs: Counter[str] = Counter()
        self.calls: list[tuple[str, tuple[int, ...]]] = []

    def note(self, context: RunContext, *inputs: int) -> None:
        """A node runs with these inputs."""
        self.runs[context.node] += 1
        self.calls.append((context.node, inputs))

    def registry(self) -> Registry:
        """`Add`, `Split` (a list of the digits), `Sum` (of a list), `Odd`, `Show`."""

        @node("Add", category="test")
        def add(a: int, context: RunContext, b: int = 0) -> int:
            """A sum."""
            self.note(context, a, b)
            return a + b

        @node("Split", category="test")
        def split(a: int, context: RunContext) -> list[int]:
            """Its digits; none for 0."""
            self.note(context, a)
            return [int(c) for c in str(a)] if a else []

        @node("Sum", category="test")
        def total(items: list[int], context: RunContext) -> int:
            """The sum of a list."""
            self.note(context, *items)
            return sum(items)

        @node("Odd", category="test")
        def odd(a: int) -> bool:
            """Whether a number is odd."""
            return a % 2 == 1

        @node("Show", category="test", output=True)
        def show(a: int) -> Artifacts:
            """Shows its input."""
            return Artifacts(text=(str(a),))

        plugin = Plugin("test", "test.py", "digest")
        specs = [read_spec(function, plugin) for function in (add, split, total, odd, show)]
        switch = load_registry().nodes["ComfySwitchNode"]
        return Registry(MappingProxyType({spec.id: spec for spec in [*specs, switch]}))


def run(text: str, engine: Engine, counting: Counting) -> tuple[dict[str, str], RunResult]:
    """What the output nodes show; counts start anew."""
    counting.runs.clear()
    counting.calls.clear()
    checked = check(parse_workflow(text, "x.yaml"), counting.registry(), Folders())
    result = engine.run(checked)
    assert not result.failures, result.failures
    return {name: made.text[0] for name, made in result.outputs.items()}, result


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine with a cache on disk."""
    return Engine(disk=DiskCache(tmp_path))


DIGITS = """
nodes:
  number: {node: Add, a: %d}
  digits: {node: Split, a: $number}
  more: {node: Add, a: $digits, b: 10}
  sum: {node: Sum, items: $more}
  whole: {node: Sum, items: $digits}
  show: {node: Show, a: $sum}
  show_whole: {node: Show, a: $whole}
  each: {node: Show, a: $more}
"""


def test_a_node_over_a_list_runs_per_item(engine: Engine) -> None:
    counting = Counting()
    shown, _ = run(DIGITS % 135, engine, counting)
    assert shown == {
        "show": "39", "show_whole": "9", "each:0": "11", "each:1": "13", "each:2": "15",
    }  # fmt: skip
    assert counting.runs["digits"] == 1
    run(DIGITS % 135, engine, counting)
    assert not counting.runs
    shown, _ = run(DIGITS % 5, engine, counting)
    assert shown["show"] == "15" and shown["each:0"] == "15"


def test_an_empty_list_runs_nothing(engine: Engine) -> None:
    shown, _ = run(DIGITS % 0, engine, Counting())
    assert shown == {"show": "0", "show_whole": "0"}


def test_lists_of_lists_that_only_a_run_can_tell(engine: Engine) -> None:
    text = """
nodes:
  digits: {node: Split, a: 23}
  tens: {node: Add, a: $digits, b: 10}
  again: {node: Split, a: $tens}
  plus: {node: Add, a: $again}
  sum: {node: Sum, items: $plus}
  show: {node: Show, a: $sum}
"""
    shown, _ = run(text, engine, Counting())
    assert shown == {"show": "7"}


LOOP = """
nodes:
  start: {node: Add, a: 1}
  each: {node: work, loop: {each: {n: [%s]}}, base: $start}
  sum: {node: Sum, items: $each}
  show: {node: Show, a: $sum}
subgraphs:
  work:
    inputs: {n: INT, base: INT}
    outputs: {n: $last}
    nodes:
      first: {node: Add, a: $inputs.base, b: $inputs.n}
      last: {node: Add, a: $first, b: 100}
"""


def test_an_edit_inside_one_round_runs_that_round_only(engine: Engine) -> None:
    counting = Counting()
    shown, _ = run(LOOP % "1, 2, 3", engine, counting)
    assert shown == {"show": "309"}
    shown, _ = run(LOOP % "1, 5, 3", engine, counting)
    assert shown == {"show": "312"}
    assert counting.runs == {"each:1:first": 1, "each:1:last": 1, "sum": 1}
    run(LOOP % "9, 1, 5, 3", engine, counting)
    assert counting.runs == {"each:0:first": 1, "each:0:last": 1, "sum": 1}


def test_a_longer_repeat_runs_the_new_rounds_only(engine: Engine) -> None:
    text = """
nodes:
  grown: {node: Add, loop: {times: %d, carry: {a: INT}}, a: 1, b: 2}
  show: {node: Show, a: $grown}
"""
    counting = Counting()
    assert run(text % 3, engine, counting)[0] == {"show": "7"}
    assert run(text % 5, engine, counting)[0] == {"show": "11"}
    assert counting.runs == {"grown:3": 1, "grown:4": 1}


def test_a_subgraph_and_the_same_nodes_written_out_have_the_same_keys(engine: Engine) -> None:
    flat = """
nodes:
  start: {node: Add, a: 1}
  f: {node: Add, a: $start, b: 4}
  l: {node: Add, a: $f, b: 100}
  show: {node: Show, a: $l}
"""
    nested = LOOP.replace("  sum: {node: Sum, items: $each}\n", "")
    nested = nested.replace("loop: {each: {n: [%s]}}", "n: 4")
    nested = nested.replace("Show, a: $sum", "Show, a: $each")
    registry = Counting().registry()
    keys = [
        set(engine.plan(check(parse_workflow(text), registry, Folders())).keys.values())
        for text in (flat, nested)
    ]
    assert keys[0] == keys[1]


@pytest.mark.parametrize("switch", ["true", "false"])
def test_a_switch_that_is_known_leaves_no_trace(engine: Engine, switch: str) -> None:
    text = f"""
nodes:
  a: {{node: Add, a: 1}}
  b: {{node: Add, a: 2}}
  s: {{node: ComfySwitchNode, switch: {switch}, on_true: $a, on_false: $b}}
  show: {{node: Show, a: $s}}
"""
    counting = Counting()
    shown, _ = run(text, engine, counting)
    assert shown == {"show": "1" if switch == "true" else "2"}
    assert counting.runs == {"a" if switch == "true" else "b": 1}


def test_only_what_is_asked_for_runs_and_is_checked(engine: Engine) -> None:
    text = LOOP % "1, 2" + "\n"
    text = text.replace("nodes:\n  start", "nodes:\n  bad: {node: Add}\n  start", 1)
    counting = Counting()
    workflow = parse_workflow(text)
    for only, ran in ((["start"], {"start"}), (["each"], {"each:0:first", "each:1:last"})):
        checked = check(workflow, counting.registry(), Folders(), only)
        counting.runs.clear()
        counting.calls.clear()
        assert not engine.run(checked).failures
        assert ran <= set(counting.runs) and "sum" not in counting.runs


def test_one_value_is_a_list_of_one(engine: Engine) -> None:
    text = "nodes: {a: {node: Add, a: 4}, s: {node: Sum, items: $a}, show: {node: Show, a: $s}}"
    assert run(text, engine, Counting())[0] == {"show": "4"}
