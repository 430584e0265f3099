"""Node types, checks, plans, conversions."""

from typing import Any, Literal, NotRequired, TypedDict

from nodeflow.engine.events import Cause, Tier
from nodeflow.server.api.answers.problem import Problem


class InputType(TypedDict):
    """An input of a node type."""

    name: str
    type: str
    required: bool
    optional: bool
    lazy: bool
    literal: bool
    multiline: bool
    seed: bool
    colour: bool
    input_file: bool
    description: str
    default: NotRequired[Any]
    min: NotRequired[float | None]
    max: NotRequired[float | None]
    step: NotRequired[float | None]
    choices: NotRequired[list[Any]]
    model_kind: NotRequired[str]


class OutputType(TypedDict):
    """An output of a node type."""

    name: str
    type: str


class NodeType(TypedDict):
    """A node type."""

    id: str
    display_name: str
    category: str
    version: int
    description: str
    output: bool
    pure: bool
    deprecated: bool
    experimental: bool
    inputs: list[InputType]
    outputs: list[OutputType]
    plugin: str


class LinkType(TypedDict):
    """A type of links; widget, preview: its modules for the editor, as `plugin/file.js`."""

    colour: str
    widget: NotRequired[str]
    preview: NotRequired[str]


class RefusedPlugin(TypedDict):
    """A plugin that was not loaded, and the node types that it declares."""

    plugin: str
    path: str
    reason: str
    ids: list[str]


class NodeTypes(TypedDict):
    """All node types; accepts: pairs (input, output) of different types that may be linked."""

    digest: str
    nodes: list[NodeType]
    types: dict[str, LinkType]
    accepts: list[list[str]]
    blocked: list[RefusedPlugin]


class Validated(TypedDict):
    """Every problem of a document; order: its nodes as they would run."""

    valid: bool
    problems: list[Problem]
    outputs: list[str]
    order: list[str]
    name: NotRequired[str | None]


class PlannedNode(TypedDict):
    """What would happen to a node and why; seconds, bytes of its results and of the weights that it
    needs: null where they are not known."""

    type: str
    action: Literal["run", "reuse"]
    cause: Cause
    reason: str
    tier: Tier | None
    age: float | None
    seconds: float | None
    bytes: int | None
    weights: int | None


class Warned(TypedDict):
    """Something at a node's input that a run allows."""

    node: str
    input: str | None
    message: str
    expected: str | None


class Plan(TypedDict):
    """What a run would do; unknown: how many nodes' costs are not known. bytes: of results.
    weights: about the bytes of those in memory at once; unweighed: of how many nodes they are not
    known."""

    nodes: dict[str, PlannedNode]
    seconds: float | None
    bytes: int | None
    unknown: int
    weights: int
    unweighed: int
    outputs: list[str]
    warnings: list[Warned]


class Conversion(TypedDict):
    """A document in our form, and what it was read from."""

    document: dict[str, Any]
    format: Literal["nodeflow", "comfyui-api", "picture"]
    warnings: list[str]


class DocumentText(TypedDict):
    """A document as YAML."""

    text: str
