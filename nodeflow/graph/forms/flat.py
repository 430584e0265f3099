"""A workflow whose forms are resolved: plain nodes, and what their inputs take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from nodeflow.graph.document import InputValue, Reference
from nodeflow.graph.problem import Position, Problem


@dataclass(frozen=True, slots=True)
class ItemOf:
    """One item of a list that only a run can give."""

    source: Reference
    index: int


@dataclass(frozen=True, slots=True)
class Spread:
    """All items of a list that only a run can give, in the middle of another list."""

    source: Reference


@dataclass(frozen=True, slots=True)
class Items:
    """A list that is known item by item."""

    values: tuple["FlatValue", ...]


FlatValue: TypeAlias = "Items | ItemOf | Spread | InputValue"


@dataclass(frozen=True, slots=True)
class FlatNode:
    """A plain node. `positions` holds the place where a person wrote the value of each input,
    which is outside the subgraph for what was handed in. `gone`: inputs that were linked to
    something that is not there now, and why. `broken`: inputs that are reported already."""

    name: str
    type: str
    inputs: Mapping[str, FlatValue]
    position: Position | None = None
    positions: Mapping[str, Position] = field(default_factory=dict)
    title: str | None = None
    gone: Mapping[str, str] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Border:
    """A value that crosses the border of a subgraph, and the type it is declared to have."""

    node: str
    port: str
    type: str
    value: FlatValue
    position: Position | None


Source: TypeAlias = tuple[str, str]
"""(node, output name)."""


@dataclass(frozen=True, slots=True)
class Flat:
    """The plain nodes.

    borders: what the declared types of subgraphs must accept. stands_for: what the outputs of
    the document's other nodes (subgraphs, loops, nodes over lists, reroutes …) have become.
    guessed: lists whose lengths were not given and taken to be one.
    """

    nodes: Mapping[str, FlatNode]
    borders: tuple[Border, ...] = ()
    stands_for: Mapping[str, tuple[FlatValue, ...]] = field(default_factory=dict)
    guessed: tuple[Source, ...] = ()
    problems: tuple[Problem, ...] = ()


def references(value: FlatValue) -> list[Reference]:
    """All references in a value, in order."""
    found: list[Reference] = []
    stack: list[FlatValue] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Reference):
            found.append(item)
        elif isinstance(item, ItemOf | Spread):
            found.append(item.source)
        elif isinstance(item, Items):
            stack.extend(reversed(item.values))
    return found
