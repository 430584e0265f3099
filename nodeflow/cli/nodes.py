"""`nodes [NAME]`: the node types there are, or all about one."""

import json
import sys
from collections.abc import Sequence

from nodeflow.cli.main import DONE, Parser
from nodeflow.cli.places import add_place_options, folders_from, plugin_folders
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.node.describe import node_data
from nodeflow.node.plugins import Registry, load_registry
from nodeflow.node.port import Choices, ModelFile, Range, wire_name
from nodeflow.node.spec import REQUIRED, InputSpec, NodeSpec


def command(argv: Sequence[str]) -> int:
    """List or describe; exit 2 where there is no such type."""
    parser = Parser(prog="python -m nodeflow nodes", description=__doc__)
    parser.add_argument("name", nargs="?")
    parser.add_argument("--json", action="store_true")
    add_place_options(parser)
    arguments = parser.parse_args(argv)
    registry = load_registry(plugin_folders(arguments))
    folders = folders_from(arguments)
    if arguments.name is not None:
        spec = find(registry, arguments.name)
        print(json.dumps(node_data(spec, folders), indent=2) if arguments.json else text_of(spec))
    elif arguments.json:
        print(json.dumps([node_data(spec, folders) for spec in registry.nodes.values()], indent=2))
    else:
        list_all(registry)
    return DONE


def find(registry: Registry, name: str) -> NodeSpec:
    """A node type. Raises WorkflowError with the nearest names or the command that allows it."""
    spec = registry.get(name)
    if spec is not None:
        return spec
    refused = registry.refusal(name)
    hint = None
    if refused is not None and refused.blocked:
        hint = f"read its code, then: python -m nodeflow plugin allow {refused.plugin.path}"
    message = f"no node type '{name}' is known" if refused is None else f"'{name}' is blocked"
    problem = Problem(ProblemCode.UNKNOWN_NODE, message, nearest=registry.nearest(name), hint=hint)
    raise WorkflowError([problem])


def list_all(registry: Registry) -> None:
    """Types by category, and what was refused."""
    categories: dict[str, list[NodeSpec]] = {}
    for spec in registry.nodes.values():
        categories.setdefault(spec.declaration.category, []).append(spec)
    for category in sorted(categories):
        print(category)
        for spec in sorted(categories[category], key=lambda s: s.id):
            print(f"  {spec.id:<32} {spec.description.splitlines()[0] if spec.description else ''}")
    for refused in registry.refused:
        print(f"blocked: {refused.plugin.path} ({refused.reason})", file=sys.stderr)
        if refused.blocked:
            print(f"  python -m nodeflow plugin allow {refused.plugin.path}", file=sys.stderr)


def limits_of(port: InputSpec) -> str:
    """A port's range or choices in words."""
    limits, choices, file = (port.constraint(kind) for kind in (Range, Choices, ModelFile))
    if limits is not None:
        return f"{limits.min:g} to {limits.max:g}"
    if choices is not None:
        return " | ".join(choices.values)
    if file is None:
        return ""
    return " | ".join([*file.besides, f"a file of {file.kind}/"])


def text_of(spec: NodeSpec) -> str:
    """All about a node type, for people."""
    lines = [f"{spec.id}  ({spec.declaration.category})", "", spec.description, ""]
    for port in spec.inputs:
        default = "" if port.default is REQUIRED else f" = {port.default!r}"
        lines.append(f"  {port.name}: {wire_name(port.type)}{default}")
        lines += [f"      {text}" for text in (port.description, limits_of(port)) if text]
    for output in spec.outputs:
        lines.append(f"  -> {output.name}: {wire_name(output.type)}")
    if spec.declaration.output:
        lines.append("  an output node: it runs for what it writes or shows")
    lines += ["", f"from {spec.plugin.path}"]
    return "\n".join(lines)
