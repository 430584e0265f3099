"""The graph tests beside the shipped workflows pass, and graph tests fail where they must."""

import json
from pathlib import Path

import pytest
from PIL import Image

from nodeflow.engine.run import Engine
from nodeflow.graph.problem import WorkflowError
from nodeflow.graphtest.document import read_tests
from nodeflow.graphtest.expect import Came, Comparison, psnr
from nodeflow.graphtest.run import find_tests, run_case
from nodeflow.node.context import Resources
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import load_registry
from tests.cli.calling import ROOT, Shell
from tests.cli.conftest import shell as shell

SHIPPED = find_tests([ROOT / "workflows"])
RESOURCES = Resources()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped(path: Path, tmp_path: Path) -> None:
    tests = read_tests(path)
    for case in tests.cases:
        folders = Folders(output=tmp_path / case.name / "o", temp=tmp_path / case.name / "t")
        engine = Engine(resources=RESOURCES)
        result = run_case(tests, case, load_registry(), folders, engine, update=False)
        assert not result.failures


GRAPH = """
nodes:
  blank: {node: EmptyImage, width: 32, height: 16, color: 255}
  inverted: {node: ImageInvert, image: $blank}
  size: {node: GetImageSize, image: $inverted}
  width: {node: PreviewAny, source: $size.width}
  save: {node: SaveImage, images: $inverted}
inputs: {color: $blank.color}
"""
TEST = """
cases:
  yellow:
    expect:
      save: {count: 1, size: [32, 16], like: golden/yellow.png}
      width: {text: "32", number: 32, between: [30, 40]}
      inverted: {state: ran}
"""


def test_the_command_writes_golden_pictures_and_holds_to_them(shell: Shell) -> None:
    shell.write("flows/g.yaml", GRAPH)
    shell.write("flows/g.test.yaml", TEST)
    missing = shell("test", "flows")
    assert missing.code == 3 and "--update writes it" in missing.err
    written = shell("test", "flows/g.yaml", "--update")
    assert written.code == 0 and "wrote flows/golden/yellow.png" in written.out
    passed = shell("test", "flows/g.test.yaml", "--json")
    assert passed.code == 0 and json.loads(passed.out)["passed"] == 1
    changed = TEST.replace("    expect", "    inputs: {color: 0}\n    expect")
    shell.write("flows/g.test.yaml", changed)
    failed = shell("test", "flows")
    assert failed.code == 3 and "is not like" in failed.err and "1 failed" in failed.out
    assert not (shell.folder / "output").exists()


def test_wrong_tests_are_told(shell: Shell) -> None:
    shell.write("g.yaml", GRAPH)
    shell.write("g.test.yaml", "cases:\n  a: {inputs: {colour: 1}, expect: {save: {count: 1}}}\n")
    called = shell("test", "g.yaml")
    assert called.code == 2 and "no input 'colour'" in called.err and "color" in called.err
    shell.write("g.test.yaml", "cases:\n  a: {expect: {save: {cuont: 1}}}\n  b: {}\n")
    called = shell("test", "g.yaml")
    assert called.code == 2 and "nearest: count" in called.err and "expects nothing" in called.err
    assert "g.test.yaml:2:" in called.err
    called = shell("test", "nothing.yaml")
    assert called.code == 2 and "there is no test nothing.test.yaml" in called.err


def test_a_mock_stands_in_for_a_node(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(GRAPH)
    mock = "cases:\n  m:\n    mock: {%s: {node: EmptyImage, width: 5, height: 6}}\n"
    mock += "    expect: {save: {size: [5, 6]}, width: {number: 5}, blank: {state: ran}}\n"
    (tmp_path / "g.test.yaml").write_text(mock % "inverted")
    tests = read_tests(tmp_path / "g.test.yaml")
    folders = Folders(output=tmp_path / "o")
    run = run_case(tests, tests.cases[0], load_registry(), folders, Engine(), update=False)
    assert run.failures == ("blank: it never ran",)
    (tmp_path / "g.test.yaml").write_text(mock % "invertd")
    tests = read_tests(tmp_path / "g.test.yaml")
    with pytest.raises(WorkflowError, match="nearest: inverted"):
        run_case(tests, tests.cases[0], load_registry(), folders, Engine(), update=False)


def test_expectations_that_are_not_met(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), (10, 10, 10)).save(tmp_path / "a.png")
    Image.new("RGB", (8, 8), (20, 10, 10)).save(tmp_path / "b.png")
    Image.new("RGB", (8, 9)).save(tmp_path / "c.png")
    assert psnr(tmp_path / "a.png", tmp_path / "a.png") == float("inf")
    assert 30 < psnr(tmp_path / "a.png", tmp_path / "b.png") < 40
    came = Came(("ran", "cached"), (tmp_path / "a.png",), ("5",))
    comparison = Comparison(came, tmp_path, update=False)
    assert not list(comparison.failures({"like": "b.png", "psnr": 30, "number": 5}))
    for wrong in (
        {"like": "b.png"}, {"like": "b.png", "psnr": 41}, {"like": "c.png", "psnr": 1},
        {"like": "../x.png"}, {"like": ["a.png", "a.png"]}, {"state": "ran"}, {"count": 2},
        {"size": [8, 9]}, {"text": "6"}, {"number": 6}, {"between": [6, 7]},
    ):  # fmt: skip
        assert len(list(comparison.failures(wrong))) == 1, wrong  # type: ignore[arg-type]
