"""Plugins: found, blocked until allowed, loaded, checked."""

import time
from pathlib import Path

import pytest

from nodeflow.graph.document import NodeEntry, Reference, Workflow
from nodeflow.graph.problem import ProblemCode, WorkflowError
from nodeflow.node.check import check
from nodeflow.node.folders import FileMissing, Folders, ModelRoot, confined
from nodeflow.node.plugins import Registry, builtin_folder, load_registry, plugins_in
from nodeflow.node.trust import TrustList

PLUGIN = '''
from pathlib import Path
from nodeflow.node import node

Path("ran").touch()


@node("Twice", category="test")
def twice(a: int) -> int:
    """Doubles."""
    return 2 * a
'''


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "plugins"
    folder.mkdir()
    return folder


def trust(plugins: Path) -> TrustList:
    return TrustList(plugins.parent / "allowed.json")


def test_nothing_runs_before_it_is_allowed(plugins: Path) -> None:
    file = plugins / "twice.py"
    file.write_text(PLUGIN)
    registry = load_registry([plugins], trust(plugins))
    assert registry.get("Twice") is None and not Path("ran").exists()
    refused = registry.refusal("Twice")
    assert refused is not None and refused.blocked and refused.ids == ("Twice",)
    trust(plugins).allow(file)
    registry = load_registry([plugins], trust(plugins))
    spec = registry.get("Twice")
    assert spec is not None and spec.function(4) == 8 and Path("ran").exists()
    file.write_text(PLUGIN + "\n# more")
    changed = load_registry([plugins], trust(plugins)).refusal("Twice")
    assert changed is not None and "changed" in changed.reason
    assert trust(plugins).block(file) == 1
    again = load_registry([plugins], trust(plugins)).refusal("Twice")
    assert again is not None and again.reason == "not allowed yet"


def test_packages_and_broken_plugins(plugins: Path) -> None:
    package = plugins / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "numbers.py").write_text(PLUGIN.replace("Twice", "Thrice"))
    (plugins / "broken.py").write_text('from nodeflow.node import node\nnode("X")\n1/0\n')
    (plugins / "leaver.py").write_text("import sys\nsys.exit(3)\n")
    own = PLUGIN.replace("twice", "own").replace("Twice", "Own")
    (plugins / "thief.py").write_text(PLUGIN.replace('"Twice"', '"KSampler"') + own)
    for path in plugins_in(plugins):
        trust(plugins).allow(path)
    registry = load_registry([plugins], trust(plugins))
    assert registry.get("Thrice") is not None
    reasons = {refused.plugin.name: refused.reason for refused in registry.refused}
    assert "ZeroDivisionError" in reasons["broken"] or "TypeError" in reasons["broken"]
    assert reasons["leaver"] == "SystemExit: 3"
    assert "already declared" in reasons["thief"] and registry.refusal("Own") is not None
    kept = registry.get("KSampler")
    assert kept is not None and kept.plugin.path.startswith(str(builtin_folder("nodes")))


def test_a_damaged_allow_list_allows_nothing(plugins: Path) -> None:
    (plugins / "twice.py").write_text(PLUGIN)
    for text in ("{", "[]", "5", ""):
        trust(plugins).path.write_text(text)
        assert load_registry([plugins], trust(plugins)).get("Twice") is None


def test_built_in_nodes_say_what_they_do() -> None:
    registry = load_registry([], TrustList(Path("nowhere.json")))
    assert len(registry.nodes) >= 45
    for spec in registry.nodes.values():
        assert spec.description, spec.id
        for port in spec.inputs:
            assert port.description, f"{spec.id}.{port.name}"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry([], TrustList(Path("nowhere.json")))


def chain(length: int) -> Workflow:
    """EmptyImage, `length` inversions, PreviewImage."""
    nodes = {"n0": NodeEntry("n0", "EmptyImage", {})}
    for i in range(1, length):
        nodes[f"n{i}"] = NodeEntry(f"n{i}", "ImageInvert", {"image": Reference(f"n{i - 1}")})
    last = {"images": Reference(f"n{length - 1}")}
    nodes["end"] = NodeEntry("end", "PreviewImage", last)
    return Workflow(nodes)


def test_ten_thousand_nodes_in_a_chain(registry: Registry) -> None:
    check(chain(10), registry, Folders())
    began = time.perf_counter()
    checked = check(chain(10_000), registry, Folders())
    assert next(iter(checked.nodes)) == "n0" and list(checked.nodes)[-1] == "end"
    assert len(checked.nodes) == 10_001
    assert time.perf_counter() - began < 20


def test_cycles_are_named(registry: Registry) -> None:
    nodes = {
        "a": NodeEntry("a", "ImageInvert", {"image": Reference("c")}),
        "b": NodeEntry("b", "ImageInvert", {"image": Reference("a")}),
        "c": NodeEntry("c", "ImageInvert", {"image": Reference("b")}),
        "show": NodeEntry("show", "PreviewImage", {"images": Reference("c")}),
    }
    with pytest.raises(WorkflowError) as caught:
        check(Workflow(nodes), registry, Folders())
    (problem,) = caught.value.problems
    assert problem.code is ProblemCode.CYCLE
    assert "'a' needs 'c' needs 'b' needs 'a'" in problem.message


def test_paths_stay_in_their_folder(tmp_path: Path) -> None:
    root = tmp_path / "models"
    (root / "checkpoints" / "sub").mkdir(parents=True)
    (tmp_path / "secret.safetensors").touch()
    (root / "checkpoints" / "sub" / "a.safetensors").touch()
    (root / "checkpoints" / "link.safetensors").symlink_to(tmp_path / "secret.safetensors")
    folders = Folders(models=(ModelRoot.at(root),), packaged=False)
    assert folders.find_model("checkpoints", "sub/a").name == "a.safetensors"
    for name in ("../../secret", "../../secret.safetensors", "link", "", "a\0b", "..\\..\\secret"):
        with pytest.raises(FileMissing):
            folders.find_model("checkpoints", name)
    with pytest.raises(FileMissing) as caught:
        folders.find_model("checkpoints", "sub/b")
    assert caught.value.nearest == ("sub/a",)
    assert confined(tmp_path, str(Path("/etc/passwd"))) is None


def test_the_order_is_topological(registry: Registry) -> None:
    import networkx

    nodes = dict(reversed(chain(40).nodes.items()))
    checked = check(Workflow(nodes), registry, Folders())
    graph = networkx.DiGraph()
    graph.add_edges_from((l.node, n) for n, c in checked.nodes.items() for l in c.links.values())  # noqa: E741
    place = {name: i for i, name in enumerate(checked.nodes)}
    assert networkx.is_directed_acyclic_graph(graph)
    assert all(place[before] < place[after] for before, after in graph.edges)
