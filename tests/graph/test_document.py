"""Reading and writing documents."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodeflow.graph.document import (
    Loop,
    NodeEntry,
    Reference,
    Subgraph,
    SubgraphInput,
    SubgraphOutput,
    Workflow,
    WorkflowInput,
)
from nodeflow.graph.edit import apply_named_inputs, set_inputs
from nodeflow.graph.limits import Limits
from nodeflow.graph.nearest import nearest
from nodeflow.graph.parse import Parsed
from nodeflow.graph.problem import Position, ProblemCode, WorkflowError
from nodeflow.graph.read import parse_workflow, read_workflow
from nodeflow.graph.write import to_json, to_yaml
from nodeflow.interop.comfyui_api import from_api, slots_of, to_api

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda n: n != "inputs")
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False) | texts
)  # fmt: skip
literals = scalars | st.lists(scalars, max_size=3)


@st.composite
def loops(draw: st.DrawFn, links: st.SearchStrategy[Reference]) -> Loop:
    """A loop over lists or a number of times."""
    carry = draw(st.dictionaries(names, names, max_size=1))
    index = draw(st.none() | names)
    if draw(st.booleans()):
        times = st.one_of(st.integers(0, 9), st.just(Reference("inputs", "rounds")))
        return Loop(times=draw(times), carry=carry, index=index)
    items = links | st.lists(scalars | links, max_size=3).map(tuple)
    return Loop(draw(st.dictionaries(names, items, min_size=1, max_size=2)), None, carry, index)


@st.composite
def entries(draw: st.DrawFn, keys: list[str]) -> dict[str, NodeEntry]:
    """Nodes of those names."""
    links = st.builds(Reference, st.sampled_from(keys), st.none() | names)
    return {
        key: NodeEntry(
            key, draw(names), draw(st.dictionaries(names, literals | links, max_size=4)),
            title=draw(st.none() | texts), mode=draw(st.sampled_from(["on", "bypass", "mute"])),
            loop=draw(st.none() | loops(links)),
        )
        for key in keys
    }  # fmt: skip


keys = st.lists(names, min_size=1, max_size=5, unique=True)


@st.composite
def subgraphs(draw: st.DrawFn, name: str) -> Subgraph:
    """A subgraph with typed inputs, defaults and outputs."""
    nodes = draw(keys)
    inputs = {
        key: SubgraphInput(key, "INT")
        if draw(st.booleans())
        else SubgraphInput(key, "STRING", draw(literals), False)
        for key in draw(keys)
    }
    outputs = {
        key: SubgraphOutput(
            key, Reference(draw(st.sampled_from(nodes)), draw(st.none() | names)),
            draw(st.none() | st.just("IMAGE")),
        )
        for key in draw(keys)
    }  # fmt: skip
    return Subgraph(name, draw(entries(nodes)), inputs, outputs, draw(st.none() | texts))


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    """A document with literals, links, forms, exposed inputs and a layout."""
    nodes = draw(keys)
    inputs = {
        name: WorkflowInput(name, draw(st.sampled_from(nodes)), draw(names))
        for name in draw(st.lists(names, max_size=2, unique=True))
    }
    graphs = {name: draw(subgraphs(name)) for name in draw(st.just([]) | keys)}
    return Workflow(
        draw(entries(nodes)), draw(st.none() | texts), None, inputs, {},
        draw(st.dictionaries(names, st.integers(0, 99), max_size=2)), None, graphs,
    )  # fmt: skip


def unplaced(nodes: Mapping[str, NodeEntry]) -> dict[str, NodeEntry]:
    """Nodes as if they had not been read from text."""
    return {
        key: replace(
            entry, inputs=dict(entry.inputs), position=None, positions={},
            loop=entry.loop and replace(entry.loop, position=None),
        )
        for key, entry in nodes.items()
    }  # fmt: skip


def unplaced_graph(graph: Subgraph) -> Subgraph:
    """A subgraph as if it had not been read from text."""
    inputs = {key: replace(port, position=None) for key, port in graph.inputs.items()}
    outputs = {key: replace(port, position=None) for key, port in graph.outputs.items()}
    nodes = unplaced(graph.nodes)
    return replace(graph, nodes=nodes, inputs=inputs, outputs=outputs, position=None)


def without_places(workflow: Workflow) -> Workflow:
    """The same, as if it had not been read from text."""
    return replace(
        workflow,
        nodes=unplaced(workflow.nodes),
        subgraphs={k: unplaced_graph(g) for k, g in workflow.subgraphs.items()},
        inputs={k: replace(i, position=None) for k, i in workflow.inputs.items()},
        source=None,
    )


@settings(max_examples=150, deadline=None)
@given(workflows())
def test_writing_and_reading_gives_the_same(workflow: Workflow) -> None:
    assert without_places(parse_workflow(to_yaml(workflow))) == without_places(workflow)
    assert without_places(parse_workflow(to_json(workflow))) == without_places(workflow)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
def test_any_text_is_a_workflow_or_a_problem(text: str) -> None:
    try:
        parse_workflow(text, "x.yaml")
    except WorkflowError as error:
        assert error.problems and all(p.file == "x.yaml" for p in error.problems)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_document_never_breaks_reading(data: st.DataObject) -> None:
    text = "nodes:\n  a: {node: X, v: 1}\n  b: {node: Y, in: $a.OUT, t: 'x'}\ninputs: {p: $b.t}\n"
    cut = data.draw(st.integers(0, len(text)))
    junk = data.draw(st.sampled_from(list("{}[]:,&*!|>'\"%@`#?-$\n\t ")))
    try:
        parse_workflow(text[:cut] + junk + text[cut + 1 :], "x.yaml")
    except WorkflowError as error:
        assert str(error)


def problems(text: str, limits: Limits | None = None) -> WorkflowError:
    """What is wrong with a text."""
    with pytest.raises(WorkflowError) as caught:
        parse_workflow(text, "x.yaml", limits or Limits())
    return caught.value


def test_places_count_from_one() -> None:
    workflow = parse_workflow("nodes:\n  a:\n    node: X\n    v: 1\n")
    assert workflow.nodes["a"].position == Position(2, 3)
    assert workflow.nodes["a"].positions["v"] == Position(4, 5)
    as_json = parse_workflow('{"nodes": {\n "a": {"node": "X",\n  "v": 1}}}')
    assert as_json.nodes["a"].positions["v"] == Position(3, 3)


def test_references_and_dollars() -> None:
    nodes = parse_workflow("nodes:\n  a: {node: X, p: $b, q: $b.OUT, r: $$5, s: 5}\n").nodes
    assert dict(nodes["a"].inputs) == {
        "p": Reference("b"), "q": Reference("b", "OUT"), "r": "$5", "s": 5,
    }  # fmt: skip


def test_all_problems_are_told_at_once() -> None:
    error = problems("nodez: {}\nnodes:\n  a: 1\n  b: {nod: X}\ninputs: {p: $c.t, q: 5}\n")
    codes = [p.code for p in error.problems]
    assert len(codes) == 5 and ProblemCode.UNKNOWN_REFERENCE in codes
    assert error.problems[0].nearest[0] == "nodes"
    assert any(p.nearest == ("nod",) for p in error.problems)


def test_limits() -> None:
    assert problems("nodes: {}" + " " * 100, Limits(bytes=50)).problems[0].code == "limit"
    assert problems("a: " + "[" * 80 + "]" * 80).problems[0].code == "limit"
    deep = '{"a": ' * 50_000 + "1" + "}" * 50_000
    assert problems(deep).problems[0].code == "limit"
    bomb = "a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a]\nnodes: {x: {node: X, v: [*b,*b,*b]}}"
    assert problems(bomb, Limits(values=60)).problems[0].code == "limit"
    many = "nodes:\n" + "".join(f"  n{i}: {{node: X}}\n" for i in range(20))
    assert problems(many, Limits(nodes=10)).problems[0].code == "limit"


def test_tags_run_nothing() -> None:
    error = problems("nodes: {a: {node: X, v: !!python/object/apply:os.getcwd []}}")
    assert error.problems[0].code == ProblemCode.SYNTAX and "tag" in str(error)
    assert "tag" in str(problems("nodes: {a: {node: X, v: !thing 5}}"))


def test_newer_formats_are_refused() -> None:
    assert "format 2" in str(problems("nodeflow: 2\nnodes: {a: {node: X}}"))


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "cat.yaml").write_text("nodes: {}")
    with pytest.raises(WorkflowError) as caught:
        read_workflow(tmp_path / "cta.yaml")
    assert caught.value.problems[0].nearest == (str(tmp_path / "cat.yaml"),)
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9")
    with pytest.raises(WorkflowError, match="UTF-8"):
        read_workflow(tmp_path / "latin.yaml")


def test_edits() -> None:
    workflow = parse_workflow("nodes: {a: {node: X, v: 1}}\ninputs: {speed: $a.v}")
    assert apply_named_inputs(workflow, {"speed": 3}).nodes["a"].inputs["v"] == 3
    assert workflow.nodes["a"].inputs["v"] == 1
    with pytest.raises(WorkflowError, match="nearest: speed"):
        apply_named_inputs(workflow, {"sped": 3})
    with pytest.raises(WorkflowError, match="no node 'b'"):
        set_inputs(workflow, {("b", "v"): 3})


def test_inputs_that_are_called_like_something_else() -> None:
    text = "nodes: {a: {node: X, title: A, inputs: {title: 5, loop: $a, node: n}}}"
    entry = parse_workflow(text).nodes["a"]
    assert entry.title == "A" and entry.inputs == {"title": 5, "loop": Reference("a"), "node": "n"}
    assert unplaced(parse_workflow(to_yaml(Workflow({"a": entry}))).nodes) == unplaced({"a": entry})


def test_a_loop_takes_a_list_from_outside() -> None:
    workflow = parse_workflow("nodes: {a: {node: X, loop: {each: {v: [1]}}}}\ninputs: {v: $a.v}")
    for value in ("x\ny", '["x", "y"]', ["x", "y"]):
        changed = apply_named_inputs(workflow, {"v": value}).nodes["a"]  # type: ignore[dict-item]
        assert changed.loop is not None and changed.loop.each == {"v": ("x", "y")}


def test_nearest_names() -> None:
    assert nearest("KSampelr", ["VAEDecode", "KSampler", "KSamplerAdvanced"])[0] == "KSampler"
    assert nearest("zzz", ["KSampler"]) == ()


def test_comfyui_api_round_trip() -> None:
    graph = {
        "1": {"class_type": "A", "inputs": {"v": [1, 2, 3], "w": "x"}, "_meta": {"title": "T"}},
        "2": {"class_type": "B", "inputs": {"a": ["1", 1]}},
    }
    workflow = from_api(Parsed(graph), "x.json")  # type: ignore[arg-type]
    assert workflow.nodes["2"].inputs["a"] == Reference("1", 1)
    assert workflow.nodes["1"].inputs["v"] == [1, 2, 3]
    assert to_api(workflow, slots_of({})) == graph
    named = parse_workflow("nodes: {a: {node: A}, b: {node: B, x: $a.VAE}}")
    api = to_api(named, slots_of({"a": ["MODEL", "CLIP", "VAE"]}))
    assert api["b"] == {"class_type": "B", "inputs": {"x": ["a", 2]}}
