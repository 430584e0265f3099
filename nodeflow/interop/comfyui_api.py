"""ComfyUI's API format: `{"id": {"class_type": …, "inputs": {…}}}`, links as `["id", slot]`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeGuard

from nodeflow.graph.document import InputValue, JsonValue, NodeEntry, Reference, Workflow
from nodeflow.graph.forms.expand import expand
from nodeflow.graph.forms.flat import Flat, ItemOf, Items, Spread
from nodeflow.graph.parse import Parsed
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.node.plugins import Registry
from nodeflow.node.signatures import signatures_of

Slot = Callable[[str, str | int | None], int]
"""(node name, output as referenced) to the output's number."""


def is_api_format(data: JsonValue) -> TypeGuard[dict[str, JsonValue]]:
    """Whether parsed JSON is a graph in this format, bare or under `prompt`."""
    if not isinstance(data, dict):
        return False
    inner = data.get("prompt", data)
    if not isinstance(inner, dict) or not inner or "nodes" in data:
        return False
    return all(isinstance(node, dict) and "class_type" in node for node in inner.values())


def is_link(value: JsonValue) -> bool:
    """A list of a node's id and an output's number."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and not isinstance(value[1], bool)
    )


def _value(value: JsonValue) -> InputValue:
    if is_link(value):
        assert isinstance(value, list)
        return Reference(str(value[0]), int(str(value[1])))
    if isinstance(value, dict) and set(value) == {"__value__"}:
        return value["__value__"]
    return value


def from_api(parsed: Parsed, source: str | None) -> Workflow:
    """The graph as a workflow; its ids become the nodes' names, `_meta.title` their titles."""
    data = parsed.data
    assert is_api_format(data)
    under: tuple[str, ...] = ("prompt",) if "prompt" in data and "class_type" not in data else ()
    inner = data["prompt"] if under else data
    assert isinstance(inner, dict)
    nodes: dict[str, NodeEntry] = {}
    for name, node in inner.items():
        assert isinstance(node, dict)
        given = node.get("inputs")
        inputs = given if isinstance(given, dict) else {}
        meta = node.get("_meta")
        title = meta.get("title") if isinstance(meta, dict) else None
        path = (*under, name)
        nodes[name] = NodeEntry(
            name=name,
            type=str(node["class_type"]),
            inputs={key: _value(value) for key, value in inputs.items()},
            position=parsed.places.get(path),
            positions={
                key: place
                for key in inputs
                if (place := parsed.places.get((*path, "inputs", key))) is not None
            },
            title=title if isinstance(title, str) else None,
        )
    return Workflow(nodes=nodes, source=source)


def known_inputs(workflow: Workflow, registry: Registry) -> Workflow:
    """The workflow without inputs that node types do not have, which ComfyUI ignores: its editor
    sends buttons and upload fields along."""

    def kept(entry: NodeEntry) -> NodeEntry:
        spec = registry.get(entry.type)
        if spec is None or all(spec.input(name) for name in entry.inputs):
            return entry
        known = {name: value for name, value in entry.inputs.items() if spec.input(name)}
        return replace(entry, inputs=known)

    return replace(workflow, nodes={name: kept(node) for name, node in workflow.nodes.items()})


def to_api(workflow: Workflow | Flat, slot: Slot) -> dict[str, JsonValue]:
    """The workflow in this format, as pictures carry it for ComfyUI. Raises WorkflowError where
    a node takes a list made of several values, which the format cannot say."""
    graph: dict[str, JsonValue] = {}
    for name, entry in workflow.nodes.items():
        inputs: dict[str, JsonValue] = {}
        for key, value in entry.inputs.items():
            if isinstance(value, Reference):
                inputs[key] = [value.node, slot(value.node, value.output)]
            elif isinstance(value, Items | ItemOf | Spread):
                raise WorkflowError(
                    [
                        Problem(
                            ProblemCode.SCHEMA, "ComfyUI's API format has no lists and loops",
                            position=entry.position, node=name, input=key,
                        )
                    ]
                )  # fmt: skip
            else:
                inputs[key] = {"__value__": value} if is_link(value) else value
        node: dict[str, JsonValue] = {"class_type": entry.type, "inputs": inputs}
        if entry.title is not None:
            node["_meta"] = {"title": entry.title}
        graph[name] = node
    return graph


def api_graph(workflow: Workflow, registry: Registry) -> dict[str, JsonValue]:
    """The same with all forms resolved into plain nodes. Raises WorkflowError."""
    flat = expand(workflow, signatures_of(registry))
    if flat.problems:
        raise WorkflowError(flat.problems)
    outputs = {
        name: [output.name for output in spec.outputs]
        for name, node in flat.nodes.items()
        if (spec := registry.get(node.type)) is not None
    }
    return to_api(flat, slots_of(outputs))


def slots_of(outputs: Mapping[str, list[str]]) -> Slot:
    """Slot numbers, given the names of each node's outputs."""

    def slot(node: str, output: str | int | None) -> int:
        if isinstance(output, int):
            return output
        names = [name.lower() for name in outputs.get(node, [])]
        wanted = (output or "").lower()
        return names.index(wanted) if wanted in names else 0

    return slot
