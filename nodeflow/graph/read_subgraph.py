"""Reading the `subgraphs` of a document: typed inputs, outputs, nodes."""

from nodeflow.graph.document import (
    INPUTS,
    JsonValue,
    NodeEntry,
    Reference,
    Subgraph,
    SubgraphInput,
    SubgraphOutput,
)
from nodeflow.graph.nearest import nearest
from nodeflow.graph.parse import Path
from nodeflow.graph.problem import ProblemCode
from nodeflow.graph.read_node import read_nodes, reference
from nodeflow.graph.reading import Reading

KEYS = ("description", "inputs", "outputs", "nodes", "layout")


def read_subgraph(reading: Reading, name: str, value: JsonValue) -> Subgraph | None:
    """One subgraph, or None where it cannot be read."""
    path: Path = ("subgraphs", name)
    if not isinstance(value, dict):
        expected = "inputs, outputs and nodes"
        reading.report(f"the subgraph '{name}' must be a mapping", path, expected=expected)
        return None
    for key in value:
        if key not in KEYS:
            reading.report(f"a subgraph has no '{key}'", (*path, key), close=nearest(key, KEYS))
    nodes = read_nodes(reading, reading.mapping(value, "nodes", path), (*path, "nodes"))
    if INPUTS in nodes:
        reading.report(
            f"a node of a subgraph cannot be called '{INPUTS}'", (*path, "nodes", INPUTS),
            hint=f"${INPUTS}.x is the subgraph's input x",
        )  # fmt: skip
    inputs = {
        key: read_input(reading, key, item, (*path, "inputs", key))
        for key, item in reading.mapping(value, "inputs", path).items()
    }
    outputs = {}
    for key, item in reading.mapping(value, "outputs", path).items():
        found = read_output(reading, key, item, (*path, "outputs", key), nodes)
        if found is not None:
            outputs[key] = found
    return Subgraph(
        name=name,
        nodes=nodes,
        inputs=inputs,
        outputs=outputs,
        description=reading.text(value, "description", path),
        layout=reading.mapping(value, "layout", path),
        position=reading.place(path),
    )


def read_input(reading: Reading, name: str, value: JsonValue, path: Path) -> SubgraphInput:
    """`name: TYPE`, or `name: {type: TYPE, default: value}`."""
    place = reading.place(path)
    if isinstance(value, str):
        return SubgraphInput(name, value, position=place)
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str):
        reading.report(
            f"the input '{name}' needs a type", path, expected="INT, or {type: INT, default: 1}"
        )
        return SubgraphInput(name, "*", position=place)
    for key in value:
        if key not in ("type", "default"):
            reading.report(f"an input has no '{key}'", (*path, key), expected="type | default")
    default = reference(value.get("default"))
    if isinstance(default, Reference):
        message = f"the default of '{name}' must be a literal"
        reading.report(message, (*path, "default"), hint="a text that starts with $ is written $$")
    return SubgraphInput(name, kind, default, "default" not in value, place)


def read_output(
    reading: Reading, name: str, value: JsonValue, path: Path, nodes: dict[str, NodeEntry]
) -> SubgraphOutput | None:
    """`name: $node`, or `name: {from: $node, type: TYPE}`."""
    kind: JsonValue = None
    if isinstance(value, dict):
        kind, value = value.get("type"), value.get("from")
    source = reference(value)
    if not isinstance(source, Reference) or not (kind is None or isinstance(kind, str)):
        expected = "$node.output, or {from: $node.output, type: IMAGE}"
        reading.report(f"the output '{name}' names no node's output", path, expected=expected)
        return None
    if source.node not in nodes and source.node != INPUTS:
        reading.report(
            f"the output '{name}' names the node '{source.node}', which is not there", path,
            code=ProblemCode.UNKNOWN_REFERENCE, close=nearest(source.node, nodes),
        )  # fmt: skip
        return None
    return SubgraphOutput(name, source, kind, reading.place(path))
