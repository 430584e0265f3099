"""Recorded answers: checked, bounded, shared, and gone when they are not needed any more."""

import os
import time
from pathlib import Path
from types import MappingProxyType

from nodeflow.engine.events import NodeProgress
from nodeflow.engine.recordings import StepRecordings
from nodeflow.engine.run import Engine
from nodeflow.node import Artifacts, RunContext, node
from nodeflow.node.declare import read_spec
from nodeflow.node.plugins import Registry
from nodeflow.node.spec import Plugin
from tests.engine.counting import checked


def files(folder: Path) -> list[Path]:
    """All recordings on disk."""
    return sorted(p for p in (folder / "steps").rglob("*") if p.is_file())


def recorded(folder: Path, *names: str, **options: float) -> StepRecordings:
    """Recordings of 1000 bytes each, on disk."""
    made = StepRecordings(folder, **options)  # type: ignore[arg-type]
    session = made.session("cpu")
    for name in names:
        session.put(name, name.encode() * 1000)
    made.finish()
    return made


def test_another_process_finds_them_in_the_same_domain_only(tmp_path: Path) -> None:
    recorded(tmp_path, "a")
    other = StepRecordings(tmp_path)
    session = other.session("cpu")
    assert session.get("a") == b"a" * 1000 and session.get("b") is None
    assert other.session("cuda").get("a") is None
    assert (session.reused, session.computed) == (1, 0)


def test_damaged_ones_are_not_served(tmp_path: Path) -> None:
    recorded(tmp_path, "a")
    (path,) = files(tmp_path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert StepRecordings(tmp_path).session("cpu").get("a") is None
    assert not files(tmp_path)


def test_they_go_with_the_result_and_stay_in_memory(tmp_path: Path) -> None:
    made = StepRecordings(tmp_path)
    session = made.session("cpu")
    session.put("a", b"one")
    session.release()
    made.finish()
    assert not files(tmp_path)
    assert made.session("cpu").get("a") == b"one"


def test_the_old_and_the_many_are_dropped(tmp_path: Path) -> None:
    recorded(tmp_path, "a", "b", "c")
    old = files(tmp_path)[0]
    os.utime(old, (time.time() - 100, time.time() - 100))
    recorded(tmp_path, "d", age=50.0)
    assert old not in files(tmp_path) and len(files(tmp_path)) == 3
    recorded(tmp_path, "e", limit=1500)
    assert len(files(tmp_path)) == 2  # one within the limit, and the new one


def test_a_folder_that_cannot_be_used_costs_nothing_but_the_recordings(tmp_path: Path) -> None:
    (tmp_path / "steps").write_text("no folder")
    made = recorded(tmp_path, "a", memory=100)
    assert made.session("cpu").get("a") is None


def test_memory_is_bounded(tmp_path: Path) -> None:
    made = StepRecordings(None, memory=2500)
    session = made.session("cpu")
    for name in "abc":
        session.put(name, name.encode() * 1000)
    made.finish()
    assert session.get("a") is None and session.get("c") == b"c" * 1000


def test_an_engine_with_previews_asks_nodes_for_them(tmp_path: Path) -> None:
    @node("Look", category="test", output=True)
    def look(context: RunContext) -> Artifacts:
        """Says whether it was asked for previews."""
        return Artifacts(text=(str(context.previews),))

    spec = read_spec(look, Plugin("test", "test.py", "digest"))
    registry = Registry(MappingProxyType({spec.id: spec}))
    graph = checked({"look": ("Look", {})}, registry)
    assert Engine(previews="auto").run(graph).outputs["look"].text == ("auto",)
    assert Engine().run(graph).outputs["look"].text == ("none",)


def test_progress_says_what_is_left() -> None:
    @node("Count", category="test", output=True)
    def count(context: RunContext) -> Artifacts:
        """Three steps."""
        for step in (1, 2, 3):
            context.progress(step, 3)
        return Artifacts()

    spec = read_spec(count, Plugin("test", "test.py", "digest"))
    graph = checked({"count": ("Count", {})}, Registry(MappingProxyType({spec.id: spec})))
    left: list[float | None] = []
    Engine().run(graph, lambda e: left.append(e.left) if isinstance(e, NodeProgress) else None)
    assert left[0] is None and left[1] is not None and left[1] >= 0 and left[2] == 0
