"""JavaScript of plugins that the editor runs in a sandbox: widgets and previews of port types."""

from collections.abc import Iterable
from pathlib import Path

from nodeflow.node.declare import DeclarationError
from nodeflow.node.folders import confined
from nodeflow.node.spec import NodeSpec, Plugin


def module_file(plugin: Plugin, name: str) -> Path | None:
    """The file in a plugin's folder, which its digest covers, or None where there is none."""
    folder = Path(plugin.path)
    file = confined(folder, name) if folder.is_dir() and name.endswith(".js") else None
    return file if file is not None and file.is_file() else None


def modules(spec: NodeSpec) -> set[str]:
    """The modules that a node's port types name."""
    kinds = spec.port_types()
    return ({kind.widget for kind in kinds} | {kind.preview for kind in kinds}) - {""}


def check_modules(specs: Iterable[NodeSpec]) -> None:
    """Raise DeclarationError for a module that is not in the plugin's folder."""
    for spec in specs:
        for name in modules(spec):
            if module_file(spec.plugin, name) is None:
                raise DeclarationError(
                    f"node '{spec.id}': '{name}' is no .js file in the folder of the plugin "
                    f"'{spec.plugin.name}'"
                )


def module_source(specs: Iterable[NodeSpec], plugin: str, name: str) -> str | None:
    """The text of a module that a node of the plugin declares, or None."""
    for spec in specs:
        if spec.plugin.name == plugin and name in modules(spec):
            file = module_file(spec.plugin, name)
            return None if file is None else file.read_text(encoding="utf-8")
    return None
