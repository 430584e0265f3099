"""Node types as ComfyUI's clients read them from `/object_info`.

Facts of that format: a class has its inputs under `required`, `optional` and `hidden`, each as
`[type, options]`, where the type of a choice is the list of its values; `input_order` repeats the
names in order; outputs are parallel lists.
"""

from functools import cache
from pathlib import Path
from typing import Any

from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry, builtin_folder
from nodeflow.node.port import (
    COMBO,
    INT,
    Choices,
    Colour,
    InputFile,
    ListType,
    ModelFile,
    Multiline,
    Range,
    Seed,
    TypeExpression,
    wire_name,
)
from nodeflow.node.spec import REQUIRED, InputSpec, NodeSpec

HIDDEN = {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}
"""What an output node is given beside its inputs, for the text chunks of its pictures."""


class ObjectInfo:
    """Describes classes; the files that may be chosen are looked up once."""

    def __init__(self, registry: Registry, folders: Folders) -> None:
        self.registry = registry
        self._models = cache(lambda kind: list(folders.model_files(kind)))
        self._inputs = cache(folders.input_files)

    def all(self) -> dict[str, Any]:
        """Every class."""
        return {id: self.node(spec) for id, spec in self.registry.nodes.items()}

    def node(self, spec: NodeSpec) -> dict[str, Any]:
        """One class."""
        declaration = spec.declaration
        ports: dict[str, dict[str, Any]] = {
            "required": {p.name: self.input(p) for p in spec.inputs if not p.optional},
            "optional": {p.name: self.input(p) for p in spec.inputs if p.optional},
            "hidden": dict(HIDDEN) if declaration.output and spec.context else {},
        }
        lists = [isinstance(output.type, ListType) for output in spec.outputs]
        info: dict[str, Any] = {
            "input": ports,
            "input_order": {section: list(names) for section, names in ports.items()},
            "is_input_list": any(isinstance(port.type, ListType) for port in spec.inputs),
            "output": [item_name(output.type) for output in spec.outputs],
            "output_is_list": lists,
            "output_name": [output.name for output in spec.outputs],
            "output_tooltips": ["" for _ in spec.outputs],
            "name": spec.id,
            "display_name": declaration.display_name or spec.id,
            "description": spec.description,
            "python_module": module_of(spec),
            "category": declaration.category,
            "output_node": declaration.output,
        }
        if declaration.deprecated:
            info["deprecated"] = True
        if declaration.experimental:
            info["experimental"] = True
        return info

    def input(self, port: InputSpec) -> list[Any]:
        """One input as `[type, options]`."""
        options: dict[str, Any] = {}
        choices = self.choices(port)
        if port.default not in (REQUIRED, None) and (choices is None or port.default in choices):
            options["default"] = port.default
        limits: Range | None = port.constraint(Range)
        if limits is not None:
            options |= {"min": limits.min, "max": limits.max}
            if limits.step is not None:
                options["step"] = limits.step
        if port.constraint(Multiline) is not None:
            options["multiline"] = True
        if port.constraint(Seed) is not None:
            options["control_after_generate"] = True
        if port.type == INT and port.constraint(Colour) is not None:
            options["display"] = "color"
        if port.constraint(InputFile) is not None and port.name == "image":
            options["image_upload"] = True
        if port.lazy:
            options["lazy"] = True
        if port.description:
            options["tooltip"] = port.description
        return [item_name(port.type) if choices is None else choices, options]

    def choices(self, port: InputSpec) -> list[str] | None:
        """What may be chosen, or None where that is not a choice."""
        listed: Choices | None = port.constraint(Choices)
        model: ModelFile | None = port.constraint(ModelFile)
        if listed is not None:
            return list(listed.values)
        if model is not None:
            return self._models(model.kind)
        if port.constraint(InputFile) is not None:
            return self._inputs()
        return [] if port.type == COMBO else None


def item_name(expression: TypeExpression) -> str:
    """The wire name; of a list, its item's."""
    return wire_name(expression.item if isinstance(expression, ListType) else expression)


def module_of(spec: NodeSpec) -> str:
    """`nodes` for built-in ones, else the plugin's name as clients group by it."""
    if Path(spec.plugin.path).is_relative_to(builtin_folder("nodes")):
        return "nodes"
    return f"custom_nodes.{spec.plugin.name}"
