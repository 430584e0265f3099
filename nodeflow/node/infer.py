"""Shapes and families through a whole workflow, without computing anything.

A node type declares `@node(…, infer=function)`. The function gets, by input name, the literals
and what is known of linked values (`nodeflow.node.facts`, or None), and the folders; it returns
`Inferred`. Its problems are reported like those of any other check, warnings by `explain` only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from nodeflow.graph.problem import ProblemCode
from nodeflow.node.facts import Weights
from nodeflow.node.folders import Folders
from nodeflow.node.spec import InputProblem

if TYPE_CHECKING:
    from nodeflow.node.check import CheckedNode


@dataclass(frozen=True, slots=True)
class Inferred:
    """What a node will give.

    facts: by output name. work: how much there is to do, in any unit of the node type's own
    (steps times cells), None where that is not known; seconds of earlier runs are scaled by it.
    problems make a run impossible; warnings are worth knowing. weights: those that must be in
    memory while it runs, None where that is not known.
    """

    facts: Mapping[str, object] = field(default_factory=dict)
    work: float | None = 1.0
    problems: tuple[InputProblem, ...] = ()
    warnings: tuple[InputProblem, ...] = ()
    weights: tuple[Weights, ...] | None = None


Infer: TypeAlias = Callable[[Mapping[str, object], Folders], Inferred]
NOTHING = Inferred()


def infer_all(nodes: "Mapping[str, CheckedNode]", folders: Folders) -> dict[str, Inferred]:
    """Facts of every node that has some; `nodes` in order. O(V + E)."""
    found: dict[str, Inferred] = {}
    for name, node in nodes.items():
        infer = node.spec.declaration.infer
        if infer is None:
            continue
        known = dict(node.literals)
        for port, link in node.links.items():
            output = nodes[link.node].spec.outputs[link.output].name
            known[port] = found.get(link.node, NOTHING).facts.get(output)
        try:
            found[name] = infer(known, folders)
        except Exception as error:  # whatever a plugin raises: the run itself may be sound
            message = f"what it gives cannot be foreseen: {type(error).__name__}: {error}"
            warning = InputProblem(None, message, code=ProblemCode.NODE_FAULT)
            found[name] = Inferred(work=None, warnings=(warning,))
    return found
