"""Values on the command line: `node.input=value` and `--input value`."""

import json
from collections.abc import Mapping, Sequence

from nodeflow.graph.document import InputValue, JsonValue, WorkflowInput
from nodeflow.graph.nearest import nearest
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.graph.read_node import reference


def parse_value(text: str) -> InputValue:
    """Numbers, true, false and null as JSON has them; `$node` is a link; the rest is text."""
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return reference(text)
    return text if isinstance(value, str | list | dict) else value


def parse_settings(settings: Sequence[str]) -> dict[tuple[str, str], InputValue]:
    """`--set NODE.INPUT=VALUE` arguments. Raises WorkflowError for another form."""
    values: dict[tuple[str, str], InputValue] = {}
    problems = []
    for setting in settings:
        target, equals, text = setting.partition("=")
        node, dot, name = target.partition(".")
        if not (equals and dot and node and name):
            expected = "--set NODE.INPUT=VALUE"
            problems.append(
                Problem(ProblemCode.CALL, f"--set {setting} is not understood", expected=expected)
            )
        values[node, name] = parse_value(text)
    if problems:
        raise WorkflowError(problems)
    return values


def named_inputs(rest: Sequence[str], inputs: Mapping[str, WorkflowInput]) -> dict[str, InputValue]:
    """Options that are inputs of the workflow. Raises WorkflowError for others."""
    values: dict[str, InputValue] = {}
    known = [f"--{name}" for name in inputs]
    i = 0
    while i < len(rest):
        option, equals, text = rest[i].partition("=")
        if not option.startswith("--"):
            raise WorkflowError([Problem(ProblemCode.CALL, f"'{option}' is not understood")])
        name = option[2:]
        if name not in inputs and name.replace("-", "_") in inputs:
            name = name.replace("-", "_")
        if name not in inputs:
            raise WorkflowError(
                [
                    Problem(
                        ProblemCode.CALL,
                        f"{option} is no option and no input of the workflow",
                        expected=" | ".join(known) or "a workflow with an 'inputs' section",
                        nearest=nearest(option, known),
                    )
                ]
            )
        if not equals:
            i += 1
            if i == len(rest):
                raise WorkflowError([Problem(ProblemCode.CALL, f"{option} needs a value")])
            text = rest[i]
        value = parse_value(text)
        values[name] = value
        i += 1
    return values
