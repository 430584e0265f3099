"""The workflow as immutable data: nodes, literals, references, subgraphs, layout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from nodeflow.graph.problem import Position

JsonValue: TypeAlias = "None | bool | int | float | str | list[JsonValue] | dict[str, JsonValue]"

INPUTS = "inputs"
"""Inside a subgraph, `$inputs.x` is the subgraph's own input x."""


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
Mode: TypeAlias = Literal["on", "bypass", "mute"]
"""bypass: the node passes its inputs on. mute: the node and the links from it are not there."""


@dataclass(frozen=True, slots=True)
class Loop:
    """How often a node runs, and what differs from round to round.

    each: input to the list it takes its items from, a literal list (whose items may be
    references) or a reference to a list; several inputs give all combinations, the last one
    changing fastest. times: the number of rounds where there is no list, or a reference to a number
    that stands in the document. carry: input to the output of the round before that it takes; the
    first round takes the input as written. index: the input that is given the number of the round,
    from 0.
    """

    each: Mapping[str, "Reference | tuple[InputValue, ...]"] = field(default_factory=dict)
    times: int | Reference | None = None
    carry: Mapping[str, str] = field(default_factory=dict)
    index: str | None = None
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """One node of a workflow: its own name, its type's id and its inputs as written.

    `type` is a node type's id or the name of one of the document's subgraphs. `positions` holds
    the place of each input in the source text, where known.
    """

    name: str
    type: str
    inputs: Mapping[str, InputValue]
    position: Position | None = None
    positions: Mapping[str, Position] = field(default_factory=dict)
    title: str | None = None
    mode: Mode = "on"
    loop: Loop | None = None


@dataclass(frozen=True, slots=True)
class WorkflowInput:
    """A value the workflow exposes by name (`--prompt`): one input of one node."""

    name: str
    node: str
    input: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class SubgraphInput:
    """An input of a subgraph: its port type by wire name, and a default where it has one."""

    name: str
    type: str
    default: InputValue = None
    required: bool = True
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class SubgraphOutput:
    """An output of a subgraph: what gives it, and its port type where the document says it."""

    name: str
    source: Reference
    type: str | None = None
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Subgraph:
    """A named graph with inputs and outputs, used like a node type."""

    name: str
    nodes: Mapping[str, NodeEntry]
    inputs: Mapping[str, SubgraphInput] = field(default_factory=dict)
    outputs: Mapping[str, SubgraphOutput] = field(default_factory=dict)
    description: str | None = None
    layout: Mapping[str, JsonValue] = field(default_factory=dict)
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    """A whole document. `layout` says how it looks, never what it computes."""

    nodes: Mapping[str, NodeEntry]
    name: str | None = None
    description: str | None = None
    inputs: Mapping[str, WorkflowInput] = field(default_factory=dict)
    requires: Mapping[str, str] = field(default_factory=dict)
    layout: Mapping[str, JsonValue] = field(default_factory=dict)
    source: str | None = None
    subgraphs: Mapping[str, Subgraph] = field(default_factory=dict)
