"""`%node.widget%` in names of files, as ComfyUI's editor fills it in before it posts a graph.

Facts of that format: `node` is a node's type or title, `widget` one of its inputs that holds a
value; signs that no file name may have become `_`; what names nothing stays as it is.
"""

import re
from dataclasses import replace

from nodeflow.graph.document import NodeEntry, Workflow

NAMED = re.compile(r"%([^%.]+)\.([^%.]+)%")
UNSAFE = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
PREFIX = "filename_prefix"


def filled_in(workflow: Workflow) -> Workflow:
    """The workflow with every `filename_prefix` filled in."""
    nodes = workflow.nodes.values()

    def value(match: re.Match[str]) -> str:
        node, widget = match.groups()
        named = [n for n in nodes if n.type == node] or [n for n in nodes if n.title == node]
        found = named[0].inputs.get(widget) if named else None
        if isinstance(found, bool):
            return str(found).lower()
        return UNSAFE.sub("_", str(found)) if isinstance(found, str | int | float) else match[0]

    def filled(entry: NodeEntry) -> NodeEntry:
        prefix = entry.inputs.get(PREFIX)
        if not isinstance(prefix, str) or not NAMED.search(prefix):
            return entry
        return replace(entry, inputs={**entry.inputs, PREFIX: NAMED.sub(value, prefix)})

    return replace(workflow, nodes={name: filled(node) for name, node in workflow.nodes.items()})
