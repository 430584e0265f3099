"""A node type as plain data: what `nodes --json` prints and an editor is built from."""

from typing import Any

from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry
from nodeflow.node.port import (
    BOOLEAN,
    COMBO,
    FLOAT,
    INT,
    STRING,
    Choices,
    Colour,
    InputFile,
    ModelFile,
    Multiline,
    Range,
    Seed,
    wire_name,
)
from nodeflow.node.spec import REQUIRED, InputSpec, NodeSpec

LITERALS = (INT, FLOAT, STRING, BOOLEAN, COMBO)
ACCEPTS = (("FLOAT", "INT"), ("COMBO", "STRING"))
"""Pairs (input, output) of different types that may be linked."""


def node_data(spec: NodeSpec, folders: Folders) -> dict[str, Any]:
    """All about a node type, for programs."""
    declaration = spec.declaration
    return {
        "id": spec.id,
        "display_name": declaration.display_name or spec.id,
        "category": declaration.category,
        "version": declaration.version,
        "description": spec.description,
        "output": declaration.output,
        "pure": declaration.pure,
        "deprecated": declaration.deprecated,
        "experimental": declaration.experimental,
        "inputs": [input_data(port, folders) for port in spec.inputs],
        "outputs": [{"name": o.name, "type": wire_name(o.type)} for o in spec.outputs],
        "plugin": spec.plugin.name,
    }


def input_data(port: InputSpec, folders: Folders) -> dict[str, Any]:
    """One input, for programs; files that may be chosen are those there now."""
    data: dict[str, Any] = {
        "name": port.name,
        "type": wire_name(port.type),
        "required": port.default is REQUIRED,
        "optional": port.optional,
        "lazy": port.lazy,
        "literal": port.type in LITERALS or bool(getattr(port.type, "widget", "")),
        "multiline": port.constraint(Multiline) is not None,
        "seed": port.constraint(Seed) is not None,
        "colour": port.constraint(Colour) is not None,
        "input_file": port.constraint(InputFile) is not None,
        "description": port.description,
    }
    if port.default is not REQUIRED:
        data["default"] = port.default
    limits, choices, file = (port.constraint(kind) for kind in (Range, Choices, ModelFile))
    if limits is not None:
        data |= {"min": limits.min, "max": limits.max, "step": limits.step}
    if choices is not None:
        data["choices"] = list(choices.values)
    if file is not None:
        data |= {
            "model_kind": file.kind,
            "choices": [*file.besides, *folders.model_files(file.kind)],
        }
    if data["input_file"]:
        data["choices"] = folders.input_files()
    return data


def registry_data(registry: Registry, folders: Folders) -> dict[str, Any]:
    """Every node type, the types of links with their colours, and what was refused."""
    kinds: dict[str, dict[str, str]] = {}
    for spec in registry.nodes.values():
        for kind in spec.port_types():
            modules = {"widget": kind.widget, "preview": kind.preview}
            kinds[kind.name] = {"colour": kind.colour} | {
                use: f"{spec.plugin.name}/{file}" for use, file in modules.items() if file
            }
    return {
        "nodes": [node_data(spec, folders) for spec in registry.nodes.values()],
        "types": {name: kinds[name] for name in sorted(kinds)},
        "accepts": [list(pair) for pair in ACCEPTS],
        "blocked": [
            {
                "plugin": refused.plugin.name,
                "path": refused.plugin.path,
                "reason": refused.reason,
                "ids": list(refused.ids),
            }
            for refused in registry.refused
        ],
    }
