"""The rounds of a loop: what each of them takes."""

from collections.abc import Mapping
from itertools import product
from math import prod
from typing import TypeAlias

from nodeflow.graph.document import Reference
from nodeflow.graph.forms.flat import FlatValue
from nodeflow.graph.forms.lists import Lists
from nodeflow.graph.forms.signature import Signature
from nodeflow.graph.forms.task import Task
from nodeflow.graph.limits import Limits
from nodeflow.graph.nearest import nearest
from nodeflow.graph.problem import ProblemCode

Wrong: TypeAlias = tuple[ProblemCode, str, str | None, str | None, tuple[str, ...]]
"""(code, message, input, expected, nearest)."""


def check_loop(
    task: Task, signature: Signature, values: Mapping[str, FlatValue], lists: Lists
) -> Wrong | None:
    """The first thing that is wrong with a loop, or None."""
    loop = task.loop
    assert loop is not None
    named = [*loop.each, *loop.carry, *([loop.index] if loop.index is not None else [])]
    for name in named:
        if name not in signature.inputs:
            return (
                ProblemCode.UNKNOWN_INPUT, f"{task.type} has no input '{name}' to loop with", name,
                " | ".join(signature.inputs), nearest(name, signature.inputs),
            )  # fmt: skip
        if named.count(name) > 1 or (name in task.inputs and name not in loop.carry):
            message = f"'{name}' is given twice: the loop gives it too"
            return ProblemCode.SCHEMA, message, name, None, ()
    for input, output in loop.carry.items():
        if signature.output(output) is None:
            return (
                ProblemCode.UNKNOWN_OUTPUT, f"{task.type} has no output '{output}' to carry over",
                input, " | ".join(signature.outputs), nearest(output, signature.outputs),
            )  # fmt: skip
    for name, value in values.items():
        if not lists.gives_list(value) and not isinstance(value, list):
            message = f"'{name}' is to run over a list, but this gives none"
            expected = f"list[{signature.inputs[name]}]"
            return ProblemCode.TYPE_MISMATCH, message, name, expected, ()
    return None


def rounds(
    task: Task, values: Mapping[str, FlatValue], times: FlatValue, lists: Lists, limits: Limits
) -> list[dict[str, FlatValue]] | Wrong:
    """The inputs that differ, round by round: all combinations, the last list fastest."""
    assert task.loop is not None
    if task.loop.times is not None:
        if limits.allow_rounds(times):
            return [{} for _ in range(times)]
        if isinstance(times, Reference):
            message = f"'{times}' tells the number of rounds only when it runs"
            expected = "a number in the document, or `each` over a list (IntRange makes one)"
            return ProblemCode.SCHEMA, message, None, expected, ()
        return (
            ProblemCode.SCHEMA,
            f"{times!r} times is not possible",
            None,
            limits.possible_rounds,
            (),
        )
    items = [
        tuple(value) if isinstance(value, list) else lists.items(value) for value in values.values()
    ]
    count = prod(len(found) for found in items)
    if count > limits.rounds:
        message = f"{count:,} rounds are too many"
        return ProblemCode.LIMIT, message, None, f"at most {limits.rounds:,}", ()
    return [dict(zip(values, combination, strict=True)) for combination in product(*items)]
