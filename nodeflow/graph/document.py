"""The workflow as immutable data: nodes, literals, references, exposed inputs, layout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from nodeflow.graph.problem import Position

JsonValue: TypeAlias = "None | bool | int | float | str | list[JsonValue] | dict[str, JsonValue]"


@dataclass(frozen=True, slots=True)
class Reference:
    """A link to another node's output.

    `output` is the output's name, its slot number (ComfyUI's API form), or None where the
    document names only the node, which is valid for nodes with exactly one output.
    """

    node: str
    output: str | int | None = None

    def __str__(self) -> str:
        return f"${self.node}" if self.output is None else f"${self.node}.{self.output}"


InputValue: TypeAlias = "Reference | JsonValue"


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """One node of a workflow: its own name, its type's id and its inputs as written.

    `positions` holds the place of each input in the source text, where known.
    """

    name: str
    type: str
    inputs: Mapping[str, InputValue]
    position: Position | None = None
    positions: Mapping[str, Position] = field(default_factory=dict)
    title: str | None = None


@dataclass(frozen=True, slots=True)
class WorkflowInput:
    """A value the workflow exposes by name (`--prompt`): one input of one node."""

    name: str
    node: str
    input: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    """A whole document. `layout` and `extra` say how it looks, never what it computes."""

    nodes: Mapping[str, NodeEntry]
    name: str | None = None
    description: str | None = None
    inputs: Mapping[str, WorkflowInput] = field(default_factory=dict)
    requires: Mapping[str, str] = field(default_factory=dict)
    layout: Mapping[str, JsonValue] = field(default_factory=dict)
    source: str | None = None
