"""Subgraphs, bypass, mute, reroutes, lists and loops become plain nodes."""

import time

import pytest

from nodeflow.graph.document import NodeEntry, Reference, Workflow
from nodeflow.graph.forms.expand import expand
from nodeflow.graph.forms.flat import Flat, ItemOf, Items, Spread
from nodeflow.graph.forms.signature import Signature
from nodeflow.graph.limits import Limits
from nodeflow.graph.problem import ProblemCode, WorkflowError
from nodeflow.graph.read import parse_workflow

TYPES = {
    "Make": Signature({"n": "INT"}, {"IMAGE": "IMAGE"}),
    "Blend": Signature({"a": "IMAGE", "b": "IMAGE", "amount": "FLOAT"}, {"IMAGE": "IMAGE"}),
    "Lora": Signature({"model": "MODEL", "clip": "CLIP"}, {"MODEL": "MODEL", "CLIP": "CLIP"}),
    "Load": Signature({}, {"MODEL": "MODEL", "CLIP": "CLIP", "VAE": "VAE"}),
    "Use": Signature({"model": "MODEL", "clip": "CLIP"}, {}),
    "Split": Signature({"image": "IMAGE"}, {"IMAGE": "list[IMAGE]"}),
    "Join": Signature({"images": "list[IMAGE]"}, {"IMAGE": "IMAGE"}),
    "Pass": Signature({"value": "$T"}, {"T": "$T"}),
    "Save": Signature({"images": "IMAGE"}, {}),
}


def flat(text: str, lengths: dict[tuple[str, str], int] | None = None) -> Flat:
    """A document's plain nodes."""
    found = expand(parse_workflow(text, "x.yaml"), TYPES.get, lengths)
    assert not found.problems, found.problems
    return found


def inputs(found: Flat) -> dict[str, dict[str, object]]:
    """What the inputs of each node take."""
    return {name: dict(node.inputs) for name, node in found.nodes.items()}


def test_a_plain_document_stays_as_it_is() -> None:
    found = flat("nodes: {a: {node: Make, n: 1}, b: {node: Save, images: $a}}")
    assert inputs(found) == {"a": {"n": 1}, "b": {"images": Reference("a")}}
    assert not found.stands_for and not found.guessed


NESTED = """
nodes:
  x: {node: outer, n: 7}
  save: {node: Save, images: $x.picture}
subgraphs:
  outer:
    inputs: {n: INT}
    outputs: {picture: $both}
    nodes:
      one: {node: inner, n: $inputs.n}
      two: {node: inner}
      both: {node: Blend, a: $one, b: $two, amount: 0.5}
  inner:
    inputs: {n: {type: INT, default: 3}}
    outputs: {made: $make}
    nodes:
      make: {node: Make, n: $inputs.n}
"""


def test_subgraphs_nest_and_are_used_twice() -> None:
    assert inputs(flat(NESTED)) == {
        "save": {"images": Reference("x:both")},
        "x:both": {
            "a": Reference("x:one:make"), "b": Reference("x:two:make"), "amount": 0.5,
        },
        "x:one:make": {"n": 7},
        "x:two:make": {"n": 3},
    }  # fmt: skip


def test_places_are_where_a_person_wrote_the_value() -> None:
    found = flat(NESTED)
    place = found.nodes["x:one:make"].positions["n"]
    assert place.line == 3 and "n: 7" in NESTED.splitlines()[place.line - 1]
    inside = found.nodes["x:two:make"].positions["n"]
    assert "default: 3" in NESTED.splitlines()[inside.line - 1]


def test_recursion_is_refused_with_the_way_round() -> None:
    text = """
nodes: {x: {node: a}}
subgraphs:
  a: {nodes: {p: {node: b}}}
  b: {nodes: {q: {node: a}}}
"""
    with pytest.raises(WorkflowError, match="'a' uses 'b' uses 'a'") as caught:
        flat(text)
    assert caught.value.problems[0].position is not None


def test_exponential_growth_is_refused_early() -> None:
    levels = "".join(
        f"  g{i}: {{nodes: {{a: {{node: g{i + 1}}}, b: {{node: g{i + 1}}}}}}}\n" for i in range(60)
    )
    text = (
        f"nodes: {{x: {{node: g0}}}}\nsubgraphs:\n{levels}  g60: {{nodes: {{a: {{node: Load}}}}}}\n"
    )
    before = time.process_time()
    with pytest.raises(WorkflowError, match="more than 50,000 nodes") as caught:
        flat(text)
    assert caught.value.problems[0].code is ProblemCode.LIMIT
    assert time.process_time() - before < 30
    loops = "nodes: {x: {node: Make, loop: {each: {n: [" + ", ".join(["1"] * 300) + "]}}}}"
    with pytest.raises(WorkflowError, match="more than 200 nodes"):
        expand(parse_workflow(loops), TYPES.get, limits=Limits(nodes=200))


def test_a_chain_of_ten_thousand_subgraphs_needs_no_recursion() -> None:
    graphs = "".join(
        f"  g{i}: {{inputs: {{n: INT}}, outputs: {{o: $a}}, "
        f"nodes: {{a: {{node: g{i + 1}, n: $inputs.n}}}}}}\n"
        for i in range(2000)
    )
    text = (
        "nodes: {x: {node: g0, n: 5}, save: {node: Save, images: $x}}\nsubgraphs:\n" + graphs
        + "  g2000: {inputs: {n: INT}, outputs: {o: $a}, nodes: {a: {node: Make, n: $inputs.n}}}\n"
    )  # fmt: skip
    nodes = flat(text).nodes
    assert len(nodes) == 2
    (made,) = [node for node in nodes.values() if node.type == "Make"]
    assert made.inputs["n"] == 5
    entries = {"n0": NodeEntry("n0", "Make", {"n": 1})}
    for i in range(1, 10_000):
        entries[f"n{i}"] = NodeEntry(f"n{i}", "Reroute", {"": Reference(f"n{i - 1}")})
    entries["save"] = NodeEntry("save", "Save", {"images": Reference("n9999")})
    found = expand(Workflow(entries), TYPES.get)
    assert found.nodes["save"].inputs["images"] == Reference("n0")


def test_bypass_follows_types() -> None:
    text = """
nodes:
  load: {node: Load}
  lora: {node: Lora, bypass: true, model: $load.MODEL, clip: $load.CLIP}
  use: {node: Use, model: $lora.MODEL, clip: $lora.CLIP}
  a: {node: Make, n: 1}
  blend: {node: Blend, bypass: true, a: $a, b: $a, amount: 0.1}
  split: {node: Split, bypass: true, image: $a}
  save: {node: Save, images: $blend}
  lost: {node: Save, images: $split}
"""
    found = flat(text)
    assert found.nodes["use"].inputs == {
        "model": Reference("load", "MODEL"), "clip": Reference("load", "CLIP"),
    }  # fmt: skip
    assert found.nodes["save"].inputs["images"] == Reference("a")
    assert "images" not in found.nodes["lost"].inputs
    assert "bypassed" in found.nodes["lost"].gone["images"]


def test_mute_takes_the_node_and_its_links_away() -> None:
    text = "nodes: {a: {node: Make, mute: true, n: 1}, save: {node: Save, images: $a}}"
    found = flat(text)
    assert list(found.nodes) == ["save"]
    assert found.nodes["save"].gone == {"images": "'a' is muted"}


def test_a_bypassed_subgraph_passes_on_by_the_types_of_what_gives_its_outputs() -> None:
    text = """
nodes:
  a: {node: Make, n: 1}
  s: {node: soften, bypass: true, picture: $a}
  save: {node: Save, images: $s}
subgraphs:
  soften:
    inputs: {picture: IMAGE}
    outputs: {o: $b}
    nodes: {b: {node: Blend, a: $inputs.picture, b: $inputs.picture}}
"""
    assert flat(text).nodes["save"].inputs["images"] == Reference("a")


def test_reroutes_primitives_and_notes_leave_no_trace() -> None:
    text = """
nodes:
  number: {node: PrimitiveNode, value: 4}
  a: {node: Make, n: $number}
  r: {node: Reroute, x: $a}
  q: {node: Reroute, x: $r}
  note: {node: Note, text: hello}
  save: {node: Save, images: $q}
"""
    assert inputs(flat(text)) == {"a": {"n": 4}, "save": {"images": Reference("a")}}


def test_reroutes_in_a_circle_are_a_mistake() -> None:
    text = (
        "nodes: {r: {node: Reroute, x: $q}, q: {node: Reroute, x: $r}, s: {node: Save, images: $q}}"
    )
    found = expand(parse_workflow(text), TYPES.get)
    assert "back to itself" in found.problems[0].message


def test_each_gives_all_combinations_the_last_fastest() -> None:
    text = """
nodes:
  a: {node: Make, n: 1}
  grid: {node: Blend, loop: {each: {b: [$a, $a], amount: [1.0, 2.0, 3.0]}}, a: $a}
  joined: {node: Join, images: $grid}
  save: {node: Save, images: $grid}
"""
    found = flat(text)
    amounts = [found.nodes[f"grid:{i}"].inputs["amount"] for i in range(6)]
    assert amounts == [1.0, 2.0, 3.0] * 2
    every = Items(tuple(Reference(f"grid:{i}", "IMAGE") for i in range(6)))
    assert found.nodes["joined"].inputs["images"] == every
    assert found.nodes["save:4"].inputs["images"] == Reference("grid:4", "IMAGE")


def test_repeat_carries_over_and_counts() -> None:
    text = """
nodes:
  a: {node: Make, n: 1}
  r: {node: step, loop: {times: 3, carry: {image: image}, index: n}, image: $a}
  save: {node: Save, images: $r.image}
  all: {node: Join, images: $r.seen}
subgraphs:
  step:
    inputs: {image: IMAGE, n: INT}
    outputs: {image: $b, seen: $b}
    nodes:
      m: {node: Make, n: $inputs.n}
      b: {node: Blend, a: $inputs.image, b: $m}
"""
    found = flat(text)
    assert [found.nodes[f"r:{i}:b"].inputs["a"] for i in range(3)] == [
        Reference("a"), Reference("r:0:b"), Reference("r:1:b"),
    ]  # fmt: skip
    assert [found.nodes[f"r:{i}:m"].inputs["n"] for i in range(3)] == [0, 1, 2]
    assert found.nodes["save"].inputs["images"] == Reference("r:2:b")
    assert len(found.nodes["all"].inputs["images"].values) == 3  # type: ignore[union-attr]
    none = flat(text.replace("times: 3", "times: 0"))
    assert none.nodes["save"].inputs["images"] == Reference("a")


REPEATED = """
nodes:
  a: {node: Make, n: 1}
  x: {node: many, rounds: ROUNDS, image: $a}
  save: {node: Save, images: $x}
subgraphs:
  many:
    inputs: {image: IMAGE, rounds: {type: INT, default: 1}}
    outputs: {image: $r.IMAGE}
    nodes:
      r:
        node: Blend
        loop: {times: $inputs.rounds, carry: {a: IMAGE}}
        a: $inputs.image
        b: $inputs.image
        amount: 0.5
"""


def test_the_number_of_rounds_is_handed_in() -> None:
    for rounds in (0, 1, 3):
        found = flat(REPEATED.replace("ROUNDS", str(rounds)))
        assert [name for name in found.nodes if name.startswith("x:")] == [
            f"x:r:{n}" for n in range(rounds)
        ]
    assert list(flat(REPEATED.replace("rounds: ROUNDS, ", "")).nodes) == ["a", "save", "x:r:0"]


@pytest.mark.parametrize(
    ("rounds", "message"),
    [("-1", "-1 times is not possible"), ("true", "not possible"), ("$a", "only when it runs")],
)
def test_a_number_of_rounds_that_cannot_be(rounds: str, message: str) -> None:
    document = parse_workflow(REPEATED.replace("ROUNDS", rounds), "x.yaml")
    (problem,) = expand(document, TYPES.get).problems
    assert problem.node == "x:r" and message in problem.message


def test_a_list_that_a_run_gives_is_taken_to_have_one_item_until_it_is_known() -> None:
    text = """
nodes:
  a: {node: Make, n: 1}
  parts: {node: Split, image: $a}
  each: {node: Blend, a: $parts, b: $a}
  again: {node: Pass, value: $parts}
  half: {node: Blend, a: $again, b: $each}
  all: {node: Join, images: $each}
  whole: {node: Join, images: $parts}
"""
    first = flat(text)
    assert set(first.guessed) == {("parts", "IMAGE"), ("again", "T")}
    assert first.nodes["each:0"].inputs["a"] == ItemOf(Reference("parts", "IMAGE"), 0)
    assert first.nodes["whole"].inputs["images"] == Reference("parts")
    second = flat(text, {("parts", "IMAGE"): 3, ("again", "T"): 2})
    assert not second.guessed
    assert {n for n in second.nodes if n.startswith("each")} == {"each:0", "each:1", "each:2"}
    assert second.nodes["half:2"].inputs == {
        "a": ItemOf(Reference("again", "T"), 1), "b": Reference("each:2", "IMAGE"),
    }  # fmt: skip


def test_lists_within_lists_are_spread() -> None:
    text = """
nodes:
  a: {node: Make, n: 1}
  parts: {node: Split, loop: {each: {image: [$a, $a]}}}
  all: {node: Join, images: $parts}
"""
    found = flat(text)
    value = found.nodes["all"].inputs["images"]
    assert value == Items(tuple(Spread(Reference(f"parts:{i}", "IMAGE")) for i in range(2)))


def test_a_subgraph_over_a_list_runs_per_item() -> None:
    text = """
nodes:
  a: {node: Make, n: 1}
  parts: {node: Split, image: $a}
  s: {node: soften, picture: $parts}
  all: {node: Join, images: $s}
subgraphs:
  soften:
    inputs: {picture: IMAGE}
    outputs: {o: $b}
    nodes: {b: {node: Blend, a: $inputs.picture, b: $inputs.picture}}
"""
    found = flat(text, {("parts", "IMAGE"): 2})
    assert found.nodes["s:1:b"].inputs["a"] == ItemOf(Reference("parts", "IMAGE"), 1)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ("{node: Make, loop: {each: {m: [1]}}}", "no input 'm' to loop with"),
        ("{node: Make, loop: {each: {n: [1]}}, n: 2}", "given twice"),
        ("{node: Make, loop: {times: 2, carry: {n: X}}, n: 2}", "no output 'X' to carry"),
        ("{node: Make, loop: {each: {n: $a}}}", "gives none"),
    ],
)
def test_wrong_loops(node: str, message: str) -> None:
    workflow = parse_workflow(f"nodes: {{a: {{node: Make, n: 1}}, b: {node}}}", "x.yaml")
    (problem,) = expand(workflow, TYPES.get).problems
    assert message in problem.message and problem.position is not None


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ("5", "must be a mapping"),
        ("{times: 2, each: {n: [1]}}", "lists or a number of times"),
        ("{}", "lists or a number of times"),
        ("{times: -1}", "not possible"),
        ("{each: {n: 5}}", "must take a list"),
        ("{tims: 2}", "no 'tims'"),
    ],
)
def test_unreadable_loops(loop: str, message: str) -> None:
    with pytest.raises(WorkflowError, match=message):
        parse_workflow(f"nodes: {{b: {{node: Make, loop: {loop}}}}}")


def test_what_a_subgraph_is_not_given() -> None:
    text = """
nodes: {x: {node: s, m: 1}, save: {node: Save, images: $x.other}}
subgraphs:
  s: {inputs: {n: INT}, outputs: {o: $m}, nodes: {m: {node: Make, n: $inputs.n}}}
"""
    found = expand(parse_workflow(text), TYPES.get)
    assert [p.code for p in found.problems] == [
        ProblemCode.UNKNOWN_INPUT, ProblemCode.MISSING_INPUT, ProblemCode.UNKNOWN_OUTPUT,
    ]  # fmt: skip
