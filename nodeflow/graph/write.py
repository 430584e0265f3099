"""Writing a workflow as YAML or JSON; reading it again gives the same document."""

import json
from collections.abc import Mapping

import yaml

from nodeflow.graph.document import (
    InputValue,
    JsonValue,
    Loop,
    NodeEntry,
    Reference,
    Subgraph,
    Workflow,
)
from nodeflow.graph.read import FORMAT
from nodeflow.graph.read_node import NODE_KEYS


def written(value: InputValue) -> JsonValue:
    """An input as it stands in a document: references and texts with `$` spelt out."""
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, str) and value.startswith("$"):
        return "$" + value
    return value


def loop_data(loop: Loop) -> dict[str, JsonValue]:
    """A node's `loop`."""
    data: dict[str, JsonValue] = {}
    if loop.each:
        data["each"] = {
            name: str(items) if isinstance(items, Reference) else [written(item) for item in items]
            for name, items in loop.each.items()
        }
    if loop.times is not None:
        times = loop.times
        data["times"] = str(times) if isinstance(times, Reference) else times
    if loop.carry:
        data["carry"] = dict(loop.carry)
    if loop.index is not None:
        data["index"] = loop.index
    return data


def node_data(entry: NodeEntry) -> dict[str, JsonValue]:
    """One node."""
    fields: dict[str, JsonValue] = {"node": entry.type}
    if entry.title is not None:
        fields["title"] = entry.title
    if entry.mode != "on":
        fields[entry.mode] = True
    if entry.loop is not None:
        fields["loop"] = loop_data(entry.loop)
    inputs = {key: written(value) for key, value in entry.inputs.items()}
    fields.update({key: value for key, value in inputs.items() if key not in NODE_KEYS})
    hidden = {key: value for key, value in inputs.items() if key in NODE_KEYS}
    if hidden:
        fields["inputs"] = hidden
    return fields


def nodes_data(nodes: Mapping[str, NodeEntry]) -> dict[str, JsonValue]:
    """A `nodes` section."""
    return {name: node_data(entry) for name, entry in nodes.items()}


def subgraph_data(graph: Subgraph) -> dict[str, JsonValue]:
    """One subgraph."""
    data: dict[str, JsonValue] = {}
    if graph.description is not None:
        data["description"] = graph.description
    if graph.inputs:
        data["inputs"] = {
            name: port.type
            if port.required
            else {"type": port.type, "default": written(port.default)}
            for name, port in graph.inputs.items()
        }
    if graph.outputs:
        data["outputs"] = {
            name: written(port.source)
            if port.type is None
            else {"from": written(port.source), "type": port.type}
            for name, port in graph.outputs.items()
        }
    data["nodes"] = nodes_data(graph.nodes)
    if graph.layout:
        data["layout"] = dict(graph.layout)
    return data


def to_data(workflow: Workflow) -> dict[str, JsonValue]:
    """The document as plain values, sections in their usual order, layout last."""
    data: dict[str, JsonValue] = {"nodeflow": FORMAT}
    if workflow.name is not None:
        data["name"] = workflow.name
    if workflow.description is not None:
        data["description"] = workflow.description
    if workflow.requires:
        data["requires"] = dict(workflow.requires)
    if workflow.inputs:
        data["inputs"] = {
            name: f"${target.node}.{target.input}" for name, target in workflow.inputs.items()
        }
    data["nodes"] = nodes_data(workflow.nodes)
    if workflow.subgraphs:
        data["subgraphs"] = {
            name: subgraph_data(graph) for name, graph in workflow.subgraphs.items()
        }
    if workflow.layout:
        data["layout"] = dict(workflow.layout)
    return data


def to_yaml(workflow: Workflow) -> str:
    """The document as YAML."""
    return yaml.safe_dump(to_data(workflow), sort_keys=False, allow_unicode=True, width=100)


def to_json(workflow: Workflow) -> str:
    """The document as JSON."""
    return json.dumps(to_data(workflow), indent=2, ensure_ascii=False) + "\n"
