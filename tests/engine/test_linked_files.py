"""A file whose name comes from another node: known when it runs, never taken from an old result."""

from pathlib import Path

from PIL import Image

from nodeflow.engine.run import Engine, RunResult
from nodeflow.interop.open import open_workflow
from nodeflow.node.check import check
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import load_registry

GRAPH = """
nodes:
  name: {node: PrimitiveString, value: %s}
  load: {node: LoadImage, image: $name}
  turned: {node: ImageInvert, image: $load.IMAGE}
  save: {node: PreviewImage, images: $turned}
"""


def run(engine: Engine, folder: Path, name: str) -> RunResult:
    (folder / "graph.yaml").write_text(GRAPH % name)
    folders = Folders(input=folder, output=folder / "output", temp=folder / "temp")
    return engine.run(check(open_workflow(folder / "graph.yaml"), load_registry(), folders))


def shown(result: RunResult, folder: Path) -> tuple[int, ...]:
    (file,) = result.outputs["save"].files
    with Image.open(folder / "temp" / file.path) as picture:
        pixel = picture.convert("RGB").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return pixel


def test_a_changed_file_is_read_again_and_an_equal_one_ends_there(tmp_path: Path) -> None:
    engine = Engine()
    Image.new("RGB", (8, 8), "red").save(tmp_path / "cat.png")
    assert shown(run(engine, tmp_path, "cat.png"), tmp_path) == (0, 255, 255)
    again = run(engine, tmp_path, "cat.png")
    assert [again.nodes[name].state for name in ("load", "turned", "save")] == [
        "ran", "cached", "cached",
    ]  # fmt: skip
    assert "known only when it runs" in again.nodes["load"].reason
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "cat.png")
    assert shown(run(engine, tmp_path, "cat.png"), tmp_path) == (255, 255, 0)


def test_a_name_that_no_file_has_is_told_with_the_nearest(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "cat.png")
    (failure,) = run(Engine(), tmp_path, "cats.png").failures
    assert failure.message == "'cats.png' is not there; did you mean cat.png?"
