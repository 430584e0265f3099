"""How a graph looks in a file of ComfyUI's editor: places, sizes, colours, groups, notes."""

from collections.abc import Mapping
from typing import Any

from nodeflow.graph.document import JsonValue

NOTES = ("Note", "MarkdownNote")
NARROWEST = 200
"""Widths below this are too small for names and widgets side by side (pixels)."""
TINTS = {
    "#322": "#d0493f", "#332922": "#d98a2b", "#432": "#b5a11e", "#232": "#3f9a55",
    "#233": "#2f8fb0", "#2a363b": "#2f8fb0", "#223": "#5a6fe0", "#323": "#a555c8",
}  # fmt: skip
"""The header colours that its menu offers, and the editor's tints of the same name."""
Data = Mapping[str, Any]


def layout_of(graph: Data) -> dict[str, JsonValue]:
    """The graph's `layout` as the editor reads it (`web/src/document/workflow.ts`)."""
    nodes: dict[str, JsonValue] = {}
    notes: dict[str, JsonValue] = {}
    for node in graph["nodes"]:
        if str(node["type"]) in NOTES:
            notes[str(node["id"])] = _note(node)
        else:
            nodes[str(node["id"])] = _look(node)
    groups: dict[str, JsonValue] = {
        str(group.get("id", number)): _group(group)
        for number, group in enumerate(graph.get("groups") or [], 1)
    }
    ends: dict[str, JsonValue] = {}
    for name, end in (("inputs", "inputNode"), ("outputs", "outputNode")):
        box = (graph.get(end) or {}).get("bounding")
        if box:
            ends[name] = {"x": round(box[0]), "y": round(box[1])}
    sections: dict[str, JsonValue] = {
        "nodes": nodes, "groups": groups, "notes": notes, "ends": ends
    }  # fmt: skip
    return {name: section for name, section in sections.items() if section}


def _pair(value: Any, default: tuple[float, float]) -> tuple[int, int]:
    """A point or size, which is a list, or an object of a typed array."""
    x, y = (value["0"], value["1"]) if isinstance(value, dict) else (value or default)[:2]
    return round(x), round(y)


def _look(node: Data) -> dict[str, JsonValue]:
    x, y = _pair(node.get("pos"), (0, 0))
    look: dict[str, JsonValue] = {"x": x, "y": y}
    if node.get("size") and node["type"] != "Reroute":
        look["w"] = max(_pair(node["size"], (0, 0))[0], NARROWEST)
    flags = node.get("flags") or {}
    look.update({name: True for name in ("collapsed", "pinned") if flags.get(name)})
    if node.get("color"):
        look["colour"] = TINTS.get(str(node["color"]), str(node["color"]))
    return look


def _note(node: Data) -> dict[str, JsonValue]:
    (x, y), (w, h) = _pair(node.get("pos"), (0, 0)), _pair(node.get("size"), (220, 120))
    texts = node.get("widgets_values") or [""]
    return {"x": x, "y": y, "w": w, "h": h, "text": str(texts[0])}


def _group(group: Data) -> dict[str, JsonValue]:
    x, y, w, h = (round(side) for side in group["bounding"])
    made: dict[str, JsonValue] = {"x": x, "y": y, "w": w, "h": h}
    made["title"] = str(group.get("title") or "")
    if group.get("color"):
        made["colour"] = str(group["color"])
    return made
