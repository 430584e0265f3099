"""A workflow planned again: what stands is not worked out anew, what may have changed is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pytest

from nodeflow.engine.run import Engine
from nodeflow.graph.document import NodeEntry, Reference, Workflow
from nodeflow.node import Artifacts, InputFile, node
from nodeflow.node.check import check
from nodeflow.node.checked import CheckedWorkflow
from nodeflow.node.declare import read_spec
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry
from nodeflow.node.spec import Plugin

READ: list[str] = []
SAID = {"word": "one"}


@node("Words", category="test")
def words(file: Annotated[str, InputFile()]) -> str:
    """The words of a file."""
    READ.append(file)
    return file


@node("Drawn", category="test", pure=False)
def drawn(text: str) -> str:
    """Another result each time."""
    READ.append("drawn")
    return text


@node("Saying", category="test", pure=False, depends=lambda literals, folders: tuple(SAID.values()))
def saying(text: str) -> str:
    """What somebody else decides."""
    READ.append("saying")
    return text


@node("Show", category="test", output=True)
def show(source: str) -> Artifacts:
    """The root."""
    return Artifacts(text=(source,))


def shown(kind: str, port: str, value: str, folders: Folders) -> CheckedWorkflow:
    plugin = Plugin("test", __file__, "digest")
    specs = [read_spec(function, plugin) for function in (words, drawn, saying, show)]
    entries = {
        "first": NodeEntry("first", kind, {port: value}),
        "show": NodeEntry("show", "Show", {"source": Reference("first")}),
    }
    registry = Registry({spec.id: spec for spec in specs})
    return check(Workflow(entries, source="test"), registry, folders)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "a.txt").write_text("one")
    return Folders(input=tmp_path / "input")


def ran(engine: Engine, workflow: CheckedWorkflow) -> Sequence[str]:
    READ.clear()
    result = engine.run(workflow)
    assert not result.failures
    return tuple(READ)


def test_the_same_plan_is_given_to_each_run_as_its_own(folders: Folders) -> None:
    workflow = shown("Words", "file", "a.txt", folders)
    engine = Engine()
    first, second = engine.plan(workflow), engine.plan(workflow)
    assert first.keys == second.keys and first.parts == second.parts
    first.keys["first"] = "spoiled"
    assert engine.plan(workflow).keys == second.keys
    assert engine.plan(workflow).nonce != second.nonce


def test_a_file_written_anew_is_seen(folders: Folders) -> None:
    workflow = shown("Words", "file", "a.txt", folders)
    engine = Engine()
    assert ran(engine, workflow) == ("a.txt",)
    assert ran(engine, workflow) == ()
    (folders.input / "a.txt").write_text("two, and longer")
    assert ran(engine, workflow) == ("a.txt",)


def test_an_impure_node_runs_again(folders: Folders) -> None:
    workflow = shown("Drawn", "text", "x", folders)
    engine = Engine()
    assert [ran(engine, workflow) for _ in range(3)] == [("drawn",)] * 3


def test_what_an_impure_node_depends_on_is_asked_each_time(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = shown("Saying", "text", "x", folders)
    engine = Engine()
    assert [ran(engine, workflow) for _ in range(2)] == [("saying",), ()]
    monkeypatch.setitem(SAID, "word", "two")
    assert ran(engine, workflow) == ("saying",)


def test_another_device_has_its_own_plan(folders: Folders) -> None:
    workflow = shown("Words", "file", "a.txt", folders)
    engine = Engine()
    keys = engine.plan(workflow).keys
    engine.company = "others"
    assert engine.plan(workflow).keys != keys
