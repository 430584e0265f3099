"""The documents on the page about forms are read and resolved as it says."""

import re
from pathlib import Path

from nodeflow.graph.forms.expand import expand
from nodeflow.graph.read import parse_workflow
from nodeflow.graphtest.document import EXPECTED, read_tests
from nodeflow.node.plugins import load_registry
from nodeflow.node.signatures import signatures_of

DOCS = Path(__file__).parents[2] / "docs"


def blocks(name: str) -> list[str]:
    """The YAML blocks of a page."""
    return re.findall(r"```yaml\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL)


def test_the_subgraph_of_the_page() -> None:
    text = blocks("forms.md")[0]
    text = text.replace("nodes:\n", "nodes:\n  checkpoint: {node: CheckpointLoaderSimple}\n", 1)
    found = expand(parse_workflow(text), signatures_of(load_registry()))
    assert not found.problems
    assert found.nodes["left:words"].inputs["text"] == "a cactus"


def test_the_loops_of_the_page() -> None:
    nodes = "".join(f"  {line}\n" for line in blocks("forms.md")[1].splitlines())
    entries = parse_workflow(f"nodes:\n{nodes}").nodes
    assert entries["pictures"].loop is not None and entries["redrawn"].loop is not None
    assert entries["redrawn"].loop.index == "seed"


def test_the_test_of_the_page(tmp_path: Path) -> None:
    path = tmp_path / "x.test.yaml"
    path.write_text(blocks("graph-tests.md")[0], encoding="utf-8")
    (case,) = read_tests(path).cases
    assert case.only == ("save",) and case.settings == {("sampler", "seed"): 7}
    page = (DOCS / "graph-tests.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in EXPECTED)
