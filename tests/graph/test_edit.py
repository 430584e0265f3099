"""Inputs are set from outside, inside subgraphs too."""

import pytest

from nodeflow.graph.edit import set_inputs
from nodeflow.graph.problem import WorkflowError
from nodeflow.graph.read import parse_workflow

NESTED = """
nodeflow: 1
nodes:
  left: {node: pair, text: a}
  right: {node: pair, text: b}
  alone: {node: word, text: c}
subgraphs:
  pair:
    inputs: {text: STRING}
    outputs: {text: {from: $one, type: STRING}}
    nodes:
      one: {node: word, text: $inputs.text}
      two: {node: word, text: $inputs.text}
  word:
    inputs: {text: STRING}
    outputs: {text: {from: $join, type: STRING}}
    nodes:
      join: {node: Join, string_a: $inputs.text, string_b: "!"}
"""


def test_a_node_inside_one_instance_is_changed_and_no_other() -> None:
    changed = set_inputs(parse_workflow(NESTED), {("left:two:join", "string_b"): "?"})
    nodes, graphs = changed.nodes, changed.subgraphs
    assert nodes["right"].type == "pair" and nodes["left"].type == "pair@left"
    left = graphs["pair@left"].nodes
    assert left["one"].type == "word" and left["two"].type == "word@left:two"
    assert graphs["word@left:two"].nodes["join"].inputs["string_b"] == "?"
    assert graphs["word"].nodes["join"].inputs["string_b"] == "!"
    assert graphs["pair"] == parse_workflow(NESTED).subgraphs["pair"]


def test_a_second_change_goes_into_the_same_copy() -> None:
    changes = {("left:two:join", "string_b"): "?", ("left:two:join", "string_a"): "x"}
    changed = set_inputs(parse_workflow(NESTED), changes)
    inputs = changed.subgraphs["word@left:two"].nodes["join"].inputs
    assert inputs == {"string_a": "x", "string_b": "?"}
    assert sorted(changed.subgraphs) == ["pair", "pair@left", "word", "word@left:two"]


def test_what_stands_once_is_changed_where_it_stands() -> None:
    text = NESTED.replace("  right: {node: pair, text: b}\n", "")
    changed = set_inputs(parse_workflow(text), {("left:one", "text"): "x"})
    assert changed.nodes["left"].type == "pair" and sorted(changed.subgraphs) == ["pair", "word"]
    assert changed.subgraphs["pair"].nodes["one"].inputs["text"] == "x"


@pytest.mark.parametrize("path", ["left:tow:join", "left:two:join:3", "right:left", "left:"])
def test_a_path_to_nothing_is_told_with_the_nearest(path: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        set_inputs(parse_workflow(NESTED), {(path, "string_a"): "x"})
    (problem,) = caught.value.problems
    assert f"there is no node '{path}'" in problem.message
    if path == "left:tow:join":
        assert problem.nearest[0] == "left:two:join"
