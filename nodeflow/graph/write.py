"""Writing a workflow as YAML or JSON; reading it again gives the same document."""

import json

import yaml

from nodeflow.graph.document import InputValue, JsonValue, Reference, Workflow
from nodeflow.graph.read import FORMAT


def written(value: InputValue) -> JsonValue:
    """An input as it stands in a document: references and texts with `$` spelt out."""
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, str) and value.startswith("$"):
        return "$" + value
    return value


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
    nodes: dict[str, JsonValue] = {}
    for name, entry in workflow.nodes.items():
        fields: dict[str, JsonValue] = {"node": entry.type}
        if entry.title is not None:
            fields["title"] = entry.title
        fields.update({key: written(value) for key, value in entry.inputs.items()})
        nodes[name] = fields
    data["nodes"] = nodes
    if workflow.layout:
        data["layout"] = dict(workflow.layout)
    return data


def to_yaml(workflow: Workflow) -> str:
    """The document as YAML."""
    return yaml.safe_dump(to_data(workflow), sort_keys=False, allow_unicode=True, width=100)


def to_json(workflow: Workflow) -> str:
    """The document as JSON."""
    return json.dumps(to_data(workflow), indent=2, ensure_ascii=False) + "\n"
