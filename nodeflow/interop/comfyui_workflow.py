"""The files that ComfyUI's editor saves (versions 0.4 and 1.x): nodes with slots, links, widgets.

A node keeps its id as its name. What people typed in stands in `widgets_values`, in the order of
the node type's inputs; seeds are followed by one more value that says what happens to them after a
run. Types that are not known keep their values under the names the file gives, if it gives any.
"""

from collections.abc import Mapping
from typing import Any, TypeGuard

from nodeflow.graph.document import (
    INPUTS,
    InputValue,
    JsonValue,
    Mode,
    NodeEntry,
    Reference,
    Subgraph,
    SubgraphInput,
    SubgraphOutput,
    Workflow,
)
from nodeflow.graph.forms.signature import WIDGETS
from nodeflow.graph.parse import Parsed, fail
from nodeflow.graph.problem import ProblemCode
from nodeflow.interop.comfyui_layout import NOTES, layout_of
from nodeflow.node.plugins import Registry
from nodeflow.node.port import wire_name

AFTER_RUN = ("fixed", "increment", "decrement", "randomize")
SEEDS = ("seed", "noise_seed")
MODES: dict[object, Mode] = {2: "mute", 4: "bypass"}
BORDER_IN, BORDER_OUT = "-10", "-20"
Data = dict[str, Any]
Links = dict[str, tuple[str, int, str, int]]
"""Link id to (from, output number, to, input number)."""


def is_editor_format(data: JsonValue) -> TypeGuard[dict[str, JsonValue]]:
    """Whether parsed JSON is such a file."""
    return isinstance(data, dict) and isinstance(data.get("nodes"), list) and "links" in data


def from_editor(parsed: Parsed, source: str | None, registry: Registry) -> Workflow:
    """The file as a workflow. Raises WorkflowError where its structure is not that of one."""
    assert isinstance(parsed.data, dict)
    try:
        return _Reader(parsed.data, source, registry).workflow()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        message = f"this looks like a file of ComfyUI's editor, but is damaged ({error!r})"
        raise fail(ProblemCode.SCHEMA, message, source) from None


def links_of(graph: Data) -> Links:
    """Links as lists (0.4) or objects (1.x, subgraphs)."""
    found: Links = {}
    for link in graph.get("links") or []:
        if isinstance(link, dict):
            ends = (link["origin_id"], link["origin_slot"], link["target_id"], link["target_slot"])
            name = link["id"]
        else:
            name, *ends_and_type = link
            ends = tuple(ends_and_type[:4])
        start, output, end, input = ends
        found[str(name)] = (str(start), int(output), str(end), int(input))
    return found


def plain_name(name: str, taken: Mapping[str, object]) -> str:
    """A name without dots and spaces that is not taken."""
    base = "".join(c if c.isalnum() or c in "-_" else "_" for c in name).strip("_") or "subgraph"
    number, found = 1, base
    while found in taken:
        number += 1
        found = f"{base}_{number}"
    return found


class _Reader:
    def __init__(self, data: Data, source: str | None, registry: Registry) -> None:
        self.data, self.source, self.registry = data, source, registry
        self.definitions: dict[str, Data] = {}
        self.names: dict[str, str] = {}
        waiting = [data]
        while waiting:
            inner = waiting.pop().get("definitions") or {}
            for graph in inner.get("subgraphs") or []:
                id = str(graph["id"])
                if id not in self.definitions:
                    self.definitions[id] = graph
                    taken = dict.fromkeys(self.names.values())
                    self.names[id] = plain_name(str(graph.get("name") or "subgraph"), taken)
                    waiting.append(graph)

    def workflow(self) -> Workflow:
        return Workflow(
            nodes=self.nodes(self.data, {}),
            layout=layout_of(self.data),
            source=self.source,
            subgraphs={self.names[id]: self.subgraph(id) for id in self.definitions},
        )

    def nodes(self, graph: Data, border: Mapping[int, str]) -> dict[str, NodeEntry]:
        """The nodes of one graph; `border` names a subgraph's inputs by number."""
        links = links_of(graph)
        by_id = {str(node["id"]): node for node in graph["nodes"]}
        return {
            id: self.node(id, node, by_id, links, border)
            for id, node in by_id.items()
            if str(node["type"]) not in NOTES
        }

    def node(
        self, id: str, node: Data, by_id: Mapping[str, Data], links: Links,
        border: Mapping[int, str],
    ) -> NodeEntry:  # fmt: skip
        kind = str(node["type"])
        inputs: dict[str, InputValue] = dict(self.widgets(node, kind))
        for slot in node.get("inputs") or []:
            link = links.get(str(slot.get("link")))
            if link is None:
                continue
            start, output, _, _ = link
            name = str(slot.get("name") or "value")
            if kind == "Reroute":
                name = "value"
            if start == BORDER_IN:
                inputs[name] = Reference(INPUTS, border[output])
            else:
                inputs[name] = Reference(start, self.output_name(by_id.get(start), output))
        title = node.get("title")
        return NodeEntry(
            name=id,
            type=self.names.get(kind, kind),
            inputs=inputs,
            title=title if isinstance(title, str) and title != kind else None,
            mode=MODES.get(node.get("mode"), "on"),
        )

    def output_name(self, node: Data | None, number: int) -> str | int:
        """An output's name where its type is known, else its number."""
        kind = str(node["type"]) if node is not None else ""
        if kind in self.definitions:
            return str(self.definitions[kind]["outputs"][number]["name"])
        spec = self.registry.get(kind)
        if spec is not None and number < len(spec.outputs):
            return spec.outputs[number].name
        return number

    def widget_names(self, node: Data, kind: str) -> list[str]:
        """The inputs that `widgets_values` gives, in order."""
        slots = node.get("inputs") or []
        told = [str(slot["widget"]["name"]) for slot in slots if slot.get("widget")]
        if kind in self.definitions:
            return [str(slot["name"]) for slot in slots if slot.get("widget")]
        spec = self.registry.get(kind)
        if spec is None:
            return told
        own = [
            port.name
            for port in spec.inputs
            if wire_name(port.type) in WIDGETS or wire_name(port.type) == "*"
        ]
        return told if len(told) >= len(own) else own

    def widgets(self, node: Data, kind: str) -> dict[str, JsonValue]:
        """Typed-in values by input name."""
        values = node.get("widgets_values")
        if isinstance(values, dict):
            return {str(k): v for k, v in values.items() if k != "videopreview"}
        if not isinstance(values, list) or not values:
            return {}
        if kind == "PrimitiveNode":
            return {"value": values[0]}
        names = self.widget_names(node, kind)
        if not names and self.registry.get(kind) is None and kind not in self.definitions:
            return {"widgets_values": values}
        found: dict[str, JsonValue] = {}
        number = 0
        for name in names:
            if number == len(values):
                break
            found[name] = values[number]
            number += 1
            if name in SEEDS and number < len(values) and values[number] in AFTER_RUN:
                number += 1
        return found

    def subgraph(self, id: str) -> Subgraph:
        graph = self.definitions[id]
        ports = graph.get("inputs") or []
        border = {number: str(port["name"]) for number, port in enumerate(ports)}
        nodes = self.nodes(graph, border)
        by_id = {str(node["id"]): node for node in graph["nodes"]}
        links = links_of(graph)
        defaults: dict[int, JsonValue] = {}
        for start, output, end, slot in links.values():
            if start != BORDER_IN or end == BORDER_OUT:
                continue
            node = by_id[end]
            name = str(node["inputs"][slot]["name"])
            typed_in = self.widgets(node, str(node["type"]))
            if name in typed_in:
                defaults.setdefault(output, typed_in[name])
        inputs = {
            border[number]: SubgraphInput(
                border[number], str(port.get("type") or "*"), defaults.get(number),
                number not in defaults,
            )
            for number, port in enumerate(ports)
        }  # fmt: skip
        outputs: dict[str, SubgraphOutput] = {}
        names: dict[int, Data] = dict(enumerate(graph.get("outputs") or []))
        for start, output, end, slot in links.values():
            if end != BORDER_OUT or slot not in names:
                continue
            name, kind = str(names[slot]["name"]), names[slot].get("type")
            source: Reference
            if start == BORDER_IN:
                source = Reference(INPUTS, border[output])
            else:
                source = Reference(start, self.output_name(by_id.get(start), output))
            outputs[name] = SubgraphOutput(name, source, str(kind) if kind else None)
        ordered = {str(p["name"]): outputs[str(p["name"])] for p in names.values()
                   if str(p["name"]) in outputs}  # fmt: skip
        return Subgraph(self.names[id], nodes, inputs, ordered, None, layout_of(graph))
