"""Two node types that no document names: a list made of its items, and one item of a list."""

from dataclasses import replace
from typing import Any

from nodeflow.node.declare import node, read_spec
from nodeflow.node.port import ANY, ListType, PortType, TypeExpression
from nodeflow.node.spec import InputSpec, NodeSpec, OutputSpec, Plugin

PLUGIN = Plugin("nodeflow", "nodeflow/node/lists.py", "lists 1")


@node("list", category="", store=False)
def gathered(**items: Any) -> list[Any]:
    """A list of its inputs; those called `spread…` are lists whose items it takes."""
    found: list[Any] = []
    for name, value in items.items():
        if name.startswith("spread"):
            found.extend(value)
        else:
            found.append(value)
    return found


@node("item of a list", category="", store=False)
def item(items: list[Any], index: int) -> Any:
    """One item of a list."""
    return items[index]


def gather_spec(spreads: list[bool], kind: TypeExpression) -> NodeSpec:
    """Inputs in order, of which some are lists to spread."""
    names = [f"{'spread' if spread else 'item'}{n}" for n, spread in enumerate(spreads)]
    inputs = tuple(InputSpec(name, name, ANY) for name in names)
    whole = ListType(kind if isinstance(kind, PortType) else ANY)
    spec = read_spec(_without_inputs, PLUGIN)
    return replace(spec, inputs=inputs, outputs=(OutputSpec("list", whole),), function=gathered)


def item_spec(kind: TypeExpression) -> NodeSpec:
    """One item, of the type that the list has."""
    spec = read_spec(item, PLUGIN)
    inner = kind.item if isinstance(kind, ListType) else ANY
    return replace(spec, outputs=(OutputSpec("item", inner),))


@node("list", category="", store=False)
def _without_inputs() -> list[Any]:
    """A list of its inputs."""
    return []
