"""Nodes inside subgraph instances, named as messages name them: `left:words`.

A change inside one instance is a document too: a subgraph that is used in several places is copied
for this one (`draw@left`), a subgraph that is used once is changed itself. Keys know no names, so
what the change does not touch stays cached.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count, islice

from nodeflow.graph.document import NodeEntry, Subgraph, Workflow

LISTED = 2_000
"""Nodes that a suggestion looks at; subgraphs in subgraphs can be very many."""
ROUND = re.compile(r":\d+(?=:|$)")

Change = Callable[[NodeEntry], NodeEntry]


def chain(workflow: Workflow, path: str) -> list[str] | None:
    """The instances from outside inwards and the node in the last; None where there is none.

    A node whose own name is the whole path comes first: files of ComfyUI have names with colons.
    """
    found: list[str] = []
    nodes = workflow.nodes
    while path not in nodes:
        heads = (path[: at.start()] for at in re.finditer(":", path))
        head = next((h for h in heads if h in nodes and nodes[h].type in workflow.subgraphs), None)
        if head is None:
            return None
        found.append(head)
        nodes, path = workflow.subgraphs[nodes[head].type].nodes, path[len(head) + 1 :]
    return [*found, path]


def entries(workflow: Workflow) -> Iterator[tuple[str, NodeEntry]]:
    """All nodes with their paths, the outermost first, at most `LISTED`."""

    def walk() -> Iterator[tuple[str, NodeEntry]]:
        scopes: deque[tuple[str, Mapping[str, NodeEntry], tuple[str, ...]]] = deque()
        scopes.append(("", workflow.nodes, ()))
        while scopes:
            prefix, nodes, within = scopes.popleft()
            for name, entry in nodes.items():
                yield prefix + name, entry
                graph = workflow.subgraphs.get(entry.type)
                if graph is not None and entry.type not in within:
                    scopes.append((f"{prefix}{name}:", graph.nodes, (*within, entry.type)))

    return islice(walk(), LISTED)


def names_round(workflow: Workflow, path: str) -> bool:
    """Whether a path is right but for the number of a loop's round."""
    return chain(workflow, ROUND.sub("", path)) is not None


def changed(workflow: Workflow, path: list[str], change: Change) -> Workflow:
    """A copy in which one node, named by its `chain`, is another."""
    nodes, graphs = dict(workflow.nodes), dict(workflow.subgraphs)
    holder: str | None = None

    def put(entry: NodeEntry) -> None:
        if holder is None:
            nodes[entry.name] = entry
        else:
            held = graphs[holder]
            graphs[holder] = replace(held, nodes={**held.nodes, entry.name: entry})

    for depth, name in enumerate(path):
        entry = (nodes if holder is None else graphs[holder].nodes)[name]
        if depth == len(path) - 1:
            put(change(entry))
            break
        kind = entry.type
        if uses(kind, nodes, graphs) > 1:
            kind = free_name(f"{entry.type}@{':'.join(path[: depth + 1])}", graphs)
            graphs[kind] = replace(graphs[entry.type], name=kind)
            put(replace(entry, type=kind))
        holder = kind
    return replace(workflow, nodes=nodes, subgraphs=graphs)


def uses(kind: str, nodes: Mapping[str, NodeEntry], graphs: Mapping[str, Subgraph]) -> int:
    """In how many places a subgraph stands."""
    scopes = (nodes, *(graph.nodes for graph in graphs.values()))
    return sum(entry.type == kind for scope in scopes for entry in scope.values())


def free_name(wanted: str, taken: Mapping[str, Subgraph]) -> str:
    """A name that no subgraph has."""
    if wanted not in taken:
        return wanted
    return next(name for n in count(2) if (name := f"{wanted}.{n}") not in taken)
