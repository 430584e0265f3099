"""Axes of a sweep and their combinations."""

from pathlib import Path

import pytest

from nodeflow.cli.values import parse_value
from nodeflow.graph.document import NodeEntry, Reference, Workflow, WorkflowInput
from nodeflow.graph.problem import WorkflowError
from nodeflow.graph.variants import Axis, combinations, parse_axes, split_values

DOCUMENT = Workflow(
    {"sampler": NodeEntry("sampler", "KSampler", {"cfg": 3.0, "seed": 1})},
    inputs={"seed": WorkflowInput("seed", "sampler", "seed")},
)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3,5,7", ["3", "5", "7"]),
        ("1..4", ["1", "2", "3", "4"]),
        ("2..-1", ["2", "1", "0", "-1"]),
        ('"a cat, old", a dog', ["a cat, old", "a dog"]),
        ("a..b", ["a..b"]),
        ("", []),
    ],
)
def test_values(text: str, values: list[str]) -> None:
    assert split_values(text) == values


def test_values_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("a cat, old\n\n  a dog \n", encoding="utf-8")
    assert split_values(f"@{tmp_path / 'prompts.txt'}") == ["a cat, old", "a dog"]


def test_axes_are_inputs_of_nodes_or_of_the_workflow() -> None:
    axes = parse_axes(["sampler.cfg=3,5.5,$other", "seed=1..2"], DOCUMENT, parse_value)
    assert axes == [
        Axis("sampler", "cfg", (3, 5.5, Reference("other"))),
        Axis("sampler", "seed", (1, 2)),
    ]


def test_all_that_is_wrong_is_told_at_once() -> None:
    settings = ["smapler.cfg=1", "sampler.cfg=@nowhere.txt", "sampler.seed=", "sampler.cfg"]
    with pytest.raises(WorkflowError) as caught:
        parse_axes(settings, DOCUMENT, parse_value)
    text = str(caught.value)
    assert len(caught.value.problems) == 4
    assert "nearest: sampler.cfg" in text and "nowhere.txt" in text and "no values" in text


def test_each_with_each_and_in_step() -> None:
    axes = [Axis("a", "x", (1, 2)), Axis("a", "y", ("u", "v"))]
    assert combinations(axes, False) == [(1, "u"), (1, "v"), (2, "u"), (2, "v")]
    assert combinations(axes, True) == [(1, "u"), (2, "v")]
    with pytest.raises(WorkflowError, match=r"a\.x has 2, a\.z has 1"):
        combinations([axes[0], Axis("a", "z", (1,))], True)
    with pytest.raises(WorkflowError, match="4 variants"):
        combinations(axes, False, limit=3)
