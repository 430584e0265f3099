"""Changing inputs of a workflow from outside: `--set node.input=value`, `--prompt text`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from nodeflow.graph.document import InputValue, JsonValue, NodeEntry, Reference, Workflow
from nodeflow.graph.inner import chain, changed, entries, names_round
from nodeflow.graph.nearest import nearest
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError


def set_inputs(workflow: Workflow, values: Mapping[tuple[str, str], InputValue]) -> Workflow:
    """A copy in which inputs, named by (node, input), have other values.

    A node inside a subgraph is named `instance:node`; other instances stay as they are. Raises
    WorkflowError where a node is not there. Whether the input exists is known only to the node's
    type and is checked with it.
    """
    chains = {node: chain(workflow, node) for node, _ in values}
    problems = [no_such_node(workflow, node, name) for node, name in values if chains[node] is None]
    if problems:
        raise WorkflowError(problems)
    for (node, name), value in values.items():
        path = chains[node]
        assert path is not None
        workflow = changed(workflow, path, partial(with_input, name=name, value=value))
    return workflow


def no_such_node(workflow: Workflow, node: str, name: str) -> Problem:
    """A node to set an input of that is not there."""
    rounds = names_round(workflow, node)
    return Problem(
        ProblemCode.CALL, f"there is no node '{node}' to set '{name}' of", workflow.source,
        nearest=nearest(node, (path for path, _ in entries(workflow))),
        hint="the rounds of a loop are one node: leave their number out" if rounds else None,
    )  # fmt: skip


def with_input(entry: NodeEntry, name: str, value: InputValue) -> NodeEntry:
    """A node with another value of an input. One that its loop goes over takes a list: JSON, or
    a text with an item a line."""
    if entry.loop is None or name not in entry.loop.each:
        return replace(entry, inputs={**entry.inputs, name: value})
    items: Reference | tuple[InputValue, ...]
    if isinstance(value, Reference):
        items = value
    elif isinstance(value, list):
        items = tuple(value)
    elif isinstance(value, str):
        items = tuple(list_in(value))
    else:
        items = (value,)
    each = {**entry.loop.each, name: items}
    return replace(entry, loop=replace(entry.loop, each=each))


def list_in(text: str) -> list[JsonValue]:
    """The items of a JSON list, or the lines of a text."""
    if text.lstrip().startswith("["):
        try:
            found: JsonValue = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, list):
            return found
    return list(text.splitlines())


def apply_named_inputs(workflow: Workflow, values: Mapping[str, InputValue]) -> Workflow:
    """A copy in which the inputs that the workflow exposes have other values.

    Raises WorkflowError naming the nearest exposed inputs where a name is not one.
    """
    problems = [
        Problem(
            ProblemCode.CALL, f"the workflow has no input '{name}'", workflow.source,
            expected=" | ".join(workflow.inputs) or "a workflow with an 'inputs' section",
            nearest=nearest(name, workflow.inputs),
        )
        for name in values
        if name not in workflow.inputs
    ]  # fmt: skip
    if problems:
        raise WorkflowError(problems)
    targets = {
        (workflow.inputs[name].node, workflow.inputs[name].input): value
        for name, value in values.items()
    }
    return set_inputs(workflow, targets)
