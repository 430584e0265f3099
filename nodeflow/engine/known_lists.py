"""Lists whose length only a run can tell: they are computed first, then the workflow is resolved
again with their lengths, until nothing is unknown."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from nodeflow.node.artifact import Artifacts
from nodeflow.node.checked import CheckedNode, CheckedWorkflow, Link
from nodeflow.node.declare import node, read_spec
from nodeflow.node.lists import PLUGIN
from nodeflow.node.order import with_ancestors


@node("length of a list", category="", output=True)
def length(items: list[object]) -> Artifacts:
    """How many items a list has, as text."""
    return Artifacts(text=(str(len(items)),))


def ready(workflow: CheckedWorkflow) -> list[Link]:
    """The unknown lists that depend on no other unknown list."""
    needs = {
        name: list(dict.fromkeys(link.node for link in found.links.values()))
        for name, found in workflow.nodes.items()
    }
    unknown = {link.node for link in workflow.lists}
    return [
        link
        for link in workflow.lists
        if not (with_ancestors(needs, [link.node]) - {link.node}) & unknown
    ]


def with_known_lists(
    workflow: CheckedWorkflow,
    evaluate: Callable[[CheckedWorkflow], Mapping[str, Artifacts]],
) -> CheckedWorkflow:
    """The workflow with all lists as long as they are. `evaluate` gives what output nodes made.

    Where a list cannot be computed, it is left as it is: the run will fail at the same node.
    """
    if not workflow.lists:
        return workflow
    known: dict[Link, int] = {}
    spec = read_spec(length, PLUGIN)
    while workflow.lists and workflow.with_lengths is not None:
        asked = {f"length of {link.node}:{link.output}": link for link in ready(workflow)}
        nodes = {name: CheckedNode(name, spec, {}, {"items": link}) for name, link in asked.items()}
        made = evaluate(
            replace(workflow, nodes={**workflow.nodes, **nodes}, outputs=tuple(nodes), lists=())
        )
        if not made:
            return workflow
        known.update({asked[name]: int(found.text[0]) for name, found in made.items()})
        workflow = workflow.with_lengths(known)
    return workflow
