"""The node types of a process; the server is told of each plugin before it is imported."""

from collections.abc import Callable, Mapping
from pathlib import Path

from nodeflow.node.plugins import Registry, load_registry
from nodeflow.node.spec import Plugin
from nodeflow.server.process.messages import Importing, Message, Places


def told_registry(
    places: Places, deadly: Mapping[str, str], send: Callable[[Message], None]
) -> Registry:
    """Built-in nodes and plugins, but for the deadly ones."""

    def tell(plugin: Plugin) -> None:
        send(Importing(plugin.path, plugin.digest))

    registry = load_registry(map(Path, places.plugins), unfit=deadly, before=tell)
    send(Importing())
    return registry
