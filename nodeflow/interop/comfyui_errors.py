"""What is wrong with a prompt, in the words that ComfyUI's clients act upon.

Facts of that format: an error has `type`, `message`, `details` and `extra_info`; errors of inputs
stand under `node_errors` by node, with the outputs that depend on the node. Outputs that are sound
run even where others are not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nodeflow.graph.document import Reference, Workflow
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.interop.comfyui_object_info import ObjectInfo
from nodeflow.node.check import check
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry
from nodeflow.node.port import Range, to_float

MESSAGES = {
    "required_input_missing": "Required input is missing",
    "bad_linked_input": "The link leads nowhere",
    "return_type_mismatch": "The types of the two ends of a link differ",
    "invalid_input_type": "The value is not of the input's type",
    "value_smaller_than_min": "Value is smaller than the minimum",
    "value_bigger_than_max": "Value is bigger than the maximum",
    "value_not_in_list": "Value not in list",
    "custom_validation_failed": "The node refuses its inputs",
    "dependency_cycle": "The links run in a circle",
    "exception_during_validation": "The node cannot be checked",
}
PLAIN = {
    ProblemCode.MISSING_INPUT: "required_input_missing",
    ProblemCode.UNKNOWN_REFERENCE: "bad_linked_input",
    ProblemCode.UNKNOWN_OUTPUT: "bad_linked_input",
    ProblemCode.NOT_A_CHOICE: "value_not_in_list",
    ProblemCode.MISSING_FILE: "value_not_in_list",
    ProblemCode.BAD_FILE: "custom_validation_failed",
    ProblemCode.UNFITTING: "custom_validation_failed",
    ProblemCode.CYCLE: "dependency_cycle",
    ProblemCode.NODE_FAULT: "exception_during_validation",
}


@dataclass(frozen=True)
class Judged:
    """outputs: the output nodes to run. error: why nothing runs, or None."""

    outputs: tuple[str, ...] = ()
    error: dict[str, Any] | None = None
    node_errors: dict[str, Any] = field(default_factory=dict)


def error(type: str, message: str, details: str = "", **extra: Any) -> dict[str, Any]:
    """One error."""
    return {"type": type, "message": message, "details": details, "extra_info": extra}


def judge(
    workflow: Workflow, registry: Registry, folders: Folders, targets: Sequence[str] | None
) -> Judged:
    """Check what the output nodes need; targets: the only ones wanted, or None for all."""
    for name, node in workflow.nodes.items():
        if registry.get(node.type) is None:
            return Judged(error=unknown(workflow, name, registry))
    outputs = [
        name
        for name, node in workflow.nodes.items()
        if registry.nodes[node.type].declaration.output and (targets is None or name in targets)
    ]
    if not outputs:
        return Judged(error=error("prompt_no_outputs", "Prompt has no outputs"))
    try:
        check(workflow, registry, folders, outputs)
    except WorkflowError as found:
        return sorted_out(workflow, registry, folders, outputs, found.problems)
    return Judged(tuple(outputs))


def unknown(workflow: Workflow, name: str, registry: Registry) -> dict[str, Any]:
    """The error of a node whose type is not there, or is blocked."""
    node = workflow.nodes[name]
    refused = registry.refusal(node.type)
    if refused is not None:
        why = f"it comes from the plugin '{refused.plugin.name}': {refused.reason}"
    else:
        close = ", ".join(registry.nearest(node.type))
        why = f"no node type '{node.type}' is known" + (f", nearest: {close}" if close else "")
    return error(
        "missing_node_type", f"Node type '{node.type}' is not there", f"Node ID '#{name}': {why}",
        node_id=name, class_type=node.type, node_title=node.title or node.type,
    )  # fmt: skip


def sorted_out(
    workflow: Workflow, registry: Registry, folders: Folders, outputs: Sequence[str],
    problems: Sequence[Problem],
) -> Judged:  # fmt: skip
    """Which outputs can run in spite of the problems, and the errors of the others."""
    before = {output: ancestors(workflow, output) for output in outputs}
    info = ObjectInfo(registry, folders)
    errors: dict[str, Any] = {}
    for problem in problems:
        name = problem.node
        if name is None or name not in workflow.nodes:
            wrong = error("invalid_prompt", "The prompt cannot be read", str(problem))
            return Judged(error=wrong, node_errors=errors)
        dependent = [output for output in outputs if name in before[output]]
        node = errors.setdefault(
            name,
            {
                "errors": [],
                "dependent_outputs": dependent,
                "class_type": workflow.nodes[name].type,
            },
        )
        node["errors"].append(input_error(problem, workflow, info))
    good = tuple(output for output in outputs if not errors.keys() & before[output])
    if good:
        return Judged(good, node_errors=errors)
    wrong = error("prompt_outputs_failed_validation", "Prompt outputs failed validation")
    return Judged(error=wrong, node_errors=errors)


def ancestors(workflow: Workflow, output: str) -> set[str]:
    """A node and all that it needs."""
    found, left = {output}, [output]
    while left:
        for value in workflow.nodes[left.pop()].inputs.values():
            if isinstance(value, Reference) and value.node in workflow.nodes:
                if value.node not in found:
                    left.append(value.node)
                found.add(value.node)
    return found


def input_error(problem: Problem, workflow: Workflow, info: ObjectInfo) -> dict[str, Any]:
    """The error of one input."""
    assert problem.node is not None
    node = workflow.nodes[problem.node]
    spec = info.registry.nodes[node.type]
    port = spec.input(problem.input or "")
    value = node.inputs.get(problem.input or "")
    type = type_of(problem, value, port.constraint(Range) if port is not None else None)
    extra: dict[str, Any] = {}
    if problem.input is not None:
        extra["input_name"] = problem.input
    if port is not None:
        extra["input_config"] = info.input(port)
    if isinstance(value, Reference):
        extra["linked_node"] = [value.node, value.output]
    elif type != "required_input_missing":
        extra["received_value"] = value
    if type == "required_input_missing":
        return error(type, MESSAGES[type], problem.input or "", **extra)
    parts: Iterable[str | None] = (
        problem.message,
        f"expected {problem.expected}" if problem.expected else None,
        f"nearest: {', '.join(problem.nearest)}" if problem.nearest else None,
    )
    details = f"{problem.input}: " if problem.input else ""
    return error(type, MESSAGES[type], details + "; ".join(filter(None, parts)), **extra)


def type_of(problem: Problem, value: object, limits: Range | None) -> str:
    """The type of an input's error."""
    if problem.code in PLAIN:
        return PLAIN[problem.code]
    if problem.code is ProblemCode.TYPE_MISMATCH:
        if isinstance(value, list):
            return "bad_linked_input"
        return "return_type_mismatch" if isinstance(value, Reference) else "invalid_input_type"
    if problem.code is ProblemCode.OUT_OF_RANGE:
        number = to_float(value)
        below = limits is not None and number is not None and number < limits.min
        return "value_smaller_than_min" if below else "value_bigger_than_max"
    return "exception_during_validation"
