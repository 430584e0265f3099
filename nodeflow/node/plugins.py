"""Finding plugins, and importing those that the user has allowed."""

import ast
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType

from nodeflow.graph.nearest import nearest
from nodeflow.node.code_digest import code_digest
from nodeflow.node.declare import DeclarationError, declared, read_spec
from nodeflow.node.editor_module import check_modules
from nodeflow.node.spec import NodeSpec, Plugin
from nodeflow.node.trust import TrustList

ENTRY_POINTS = "nodeflow.nodes"
PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Refused:
    """A plugin that was not loaded, why, and the node ids its code declares."""

    plugin: Plugin
    reason: str
    blocked: bool
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Registry:
    """All node types by id, and the plugins that were refused."""

    nodes: Mapping[str, NodeSpec]
    refused: tuple[Refused, ...] = ()

    def get(self, id: str) -> NodeSpec | None:
        """The node type of that id, or None."""
        return self.nodes.get(id)

    def refusal(self, id: str) -> Refused | None:
        """The refused plugin that declares a node id, or None."""
        return next((plugin for plugin in self.refused if id in plugin.ids), None)

    def nearest(self, id: str) -> tuple[str, ...]:
        """Ids that resemble one that is not there."""
        return nearest(id, self.nodes)


def builtin_folder(name: str) -> Path:
    """`nodes` or `workflows`: in the wheel, else beside the package in a checkout."""
    packaged = PACKAGE / "builtin" / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name


def is_plugin(path: Path) -> bool:
    """A Python file, or a folder that has one."""
    if path.name.startswith((".", "_")):
        return False
    return path.suffix == ".py" if path.is_file() else any(path.glob("*.py"))


def plugins_in(folder: Path) -> list[Path]:
    """The plugins directly in a folder."""
    return sorted(p for p in folder.iterdir() if is_plugin(p)) if folder.is_dir() else []


def installed_plugins() -> list[Path]:
    """Folders of installed packages that have the entry point, without importing them."""
    found = []
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        spec = importlib.util.find_spec(point.value.partition(":")[0].partition(".")[0])
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin)
            found.append(origin.parent if origin.name == "__init__.py" else origin)
    return found


def declared_ids(path: Path) -> tuple[str, ...]:
    """The ids that a plugin's code gives to `@node`, read without running it."""
    ids = []
    for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError, OSError, RecursionError):
            continue
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and call.args:
                called = call.func
                name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                first = call.args[0]
                if name == "node" and isinstance(first, ast.Constant):
                    ids.append(str(first.value))
    return tuple(ids)


def import_file(file: Path, name: str) -> ModuleType:
    """Run a Python file as a module of that name."""
    inside = [str(file.parent)] if file.stem == "__init__" else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=inside)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import {file}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def load(plugin: Plugin) -> list[NodeSpec]:
    """Import a plugin's files and read the nodes they declare."""
    path = Path(plugin.path)
    base = f"nodeflow_plugins.{plugin.digest[:16]}_{path.stem}"
    files = [path] if path.is_file() else sorted(path.glob("*.py"))
    package = path / "__init__.py"
    if package in files:
        files = [package, *(file for file in files if file != package)]
    specs: dict[str, NodeSpec] = {}
    for file in files:
        name = base if file in (path, package) else f"{base}.{file.stem}"
        module = sys.modules.get(name) or import_file(file, name)
        for value in vars(module).values():
            declaration = declared(value)
            if declaration is not None and getattr(value, "__module__", None) == name:
                specs[declaration.id] = read_spec(value, plugin)
    check_modules(specs.values())
    return list(specs.values())


def load_registry(
    folders: Iterable[Path] = (), trust: TrustList | None = None,
    unfit: Mapping[str, str] = MappingProxyType({}),
    before: Callable[[Plugin], None] = lambda plugin: None,
) -> Registry:  # fmt: skip
    """The built-in nodes, installed plugins and those in `folders`.

    Only what the user has allowed by content is imported; a plugin that fails to import, or
    whose code has not been allowed, is among `refused` with the reason. unfit: digest → reason
    of plugins that are refused too. before: called before a plugin is imported.
    """
    allowed = (trust or TrustList.of_user()).read()
    nodes: dict[str, NodeSpec] = {}
    refused: list[Refused] = []
    builtin = builtin_folder("nodes")
    paths = [(p, True) for p in plugins_in(builtin)]
    paths += [(p, False) for p in installed_plugins()]
    paths += [(p, False) for folder in folders for p in plugins_in(folder)]
    for path, trusted in paths:
        plugin = Plugin(path.stem, str(path), code_digest(path))
        if not trusted and plugin.digest not in allowed:
            known = str(path.resolve()) in allowed.values()
            reason = "its code has changed since it was allowed" if known else "not allowed yet"
            refused.append(Refused(plugin, reason, True, declared_ids(path)))
            continue
        if plugin.digest in unfit:
            reason = unfit[plugin.digest]
            refused.append(Refused(plugin, reason, False, declared_ids(path)))
            continue
        try:
            if not trusted:
                before(plugin)
            specs = load(plugin)
        except DeclarationError as error:
            refused.append(Refused(plugin, str(error), False, declared_ids(path)))
            continue
        except (Exception, SystemExit) as error:
            if trusted:
                raise
            reason = f"{type(error).__name__}: {error}"
            refused.append(Refused(plugin, reason, False, declared_ids(path)))
            continue
        taken = next((spec for spec in specs if spec.id in nodes), None)
        if taken is not None:
            owner = nodes[taken.id].plugin.path
            reason = f"node id '{taken.id}' is already declared by {owner}"
            ids = tuple(spec.id for spec in specs if spec.id not in nodes)
            refused.append(Refused(plugin, reason, False, ids))
            continue
        nodes.update({spec.id: spec for spec in specs})
    return Registry(MappingProxyType(nodes), tuple(refused))
