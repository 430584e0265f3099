"""Over random documents with subgraphs, loops, lists and switches, a cached run equals a plain
evaluation in Python, and nothing runs that ran before or that nobody needs."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.run import Engine
from tests.engine.test_lists import Counting, run

TEXT = """
nodes:
  start: {{node: Add, a: {start}}}
  digits: {{node: Split, a: {number}}}
  more: {{node: work, n: $digits, base: $start}}
  each: {{node: work, loop: {{each: {{n: {each}, base: {bases}}}}}}}
  grown: {{node: work, loop: {{times: {times}, carry: {{base: n}}}}, n: {step}, base: $start}}
  odd: {{node: Odd, a: {choice}}}
  sum_more: {{node: Sum, items: $more}}
  sum_each: {{node: Sum, items: $each}}
  chosen: {{node: ComfySwitchNode, switch: $odd, on_true: $sum_more, on_false: $grown}}
  show_each: {{node: Show, a: $sum_each}}
  show: {{node: Show, a: $chosen}}
subgraphs:
  work:
    inputs: {{n: INT, base: INT}}
    outputs: {{n: $last}}
    nodes:
      inner: {{node: twice, n: $inputs.n}}
      last: {{node: Add, a: $inner, b: $inputs.base}}
  twice:
    inputs: {{n: INT}}
    outputs: {{n: $both}}
    nodes:
      both: {{node: Add, a: $inputs.n, b: $inputs.n}}
"""


def expected(values: dict[str, Any]) -> dict[str, str]:
    """What is shown."""

    def work(n: int, base: int) -> int:
        return n + n + base

    each = sum(work(n, base) for n in values["each"] for base in values["bases"])
    grown = values["start"]
    if values["choice"] % 2:
        digits = [int(c) for c in str(values["number"])] if values["number"] else []
        return {"show_each": str(each), "show": str(sum(work(n, grown) for n in digits))}
    for _ in range(values["times"]):
        grown = work(values["step"], grown)
    return {"show_each": str(each), "show": str(grown)}


def form(name: str, inputs: tuple[int, ...]) -> tuple[str, tuple[int, ...], bool]:
    """What a node is by itself, whoever it stands for in the document: the place inside its
    subgraph, its inputs, and whether the one that may be linked is (a literal is another node)."""
    scope, _, leaf = name.rpartition(":")
    head = scope.partition(":")[0]
    linked = {"both": head == "more", "last": head != "each"}.get(leaf, True)
    return leaf, inputs, linked


def not_taken(values: dict[str, Any]) -> tuple[str, ...]:
    """How the names begin of what only the other branch of the switch needs."""
    return ("grown:",) if values["choice"] % 2 else ("more:", "sum_more")


small = st.integers(0, 3)
documents = st.fixed_dictionaries(
    {
        "start": small,
        "number": st.sampled_from([0, 1, 12, 21, 123]),
        "each": st.lists(small, max_size=3),
        "bases": st.lists(small, max_size=2),
        "times": small,
        "step": small,
        "choice": small,
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(documents, st.booleans()), min_size=1, max_size=4))
def test_forms_equal_plain_evaluation(history: list[tuple[dict[str, Any], bool]]) -> None:
    with TemporaryDirectory() as folder:
        engine = Engine(disk=DiskCache(Path(folder)))
        counting = Counting()
        seen: set[tuple[str, tuple[int, ...], bool]] = set()
        for values, restart in history:
            if restart:
                assert engine.disk is not None
                engine.disk.close()
                engine = Engine(disk=DiskCache(Path(folder)))
            shown, _ = run(TEXT.format(**values), engine, counting)
            assert shown == expected(values)
            ran = [form(*call) for call in counting.calls]
            assert len(ran) == len(set(ran)) and seen.isdisjoint(ran)
            seen.update(ran)
            assert not [name for name in counting.runs if name.startswith(not_taken(values))]
            run(TEXT.format(**values), engine, counting)
            assert not counting.runs
        assert engine.disk is not None
        engine.disk.close()
