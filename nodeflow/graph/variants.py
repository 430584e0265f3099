"""Variants of a workflow: inputs that take several values, in product or in step."""

import csv
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nodeflow.graph.document import InputValue, Workflow
from nodeflow.graph.inner import chain, entries
from nodeflow.graph.nearest import nearest
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError

LIMIT = 256
LONGEST_RANGE = 100_000
RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)")
FORM = "NODE.INPUT=VALUE,VALUE… | NODE.INPUT=1..8 | NODE.INPUT=@FILE"


@dataclass(frozen=True, slots=True)
class Axis:
    """One input and the values it takes."""

    node: str
    input: str
    values: tuple[InputValue, ...]


def split_values(text: str) -> list[str]:
    """`a,b,"c, d"` to its parts; `1..8` to whole numbers; `@file` to the file's lines.

    Raises OSError or UnicodeDecodeError where the file cannot be read.
    """
    if text.startswith("@"):
        lines = Path(text[1:]).read_text(encoding="utf-8").splitlines()
        return [line.strip() for line in lines if line.strip()]
    found = RANGE.fullmatch(text)
    if found:
        first, last = int(found[1]), int(found[2])
        step = 1 if first <= last else -1
        return [str(i) for i in itertools.islice(range(first, last + step, step), LONGEST_RANGE)]
    return next(csv.reader([text], skipinitialspace=True), [])


def parse_axes(
    settings: Sequence[str], workflow: Workflow, parse: Callable[[str], InputValue]
) -> list[Axis]:
    """`--vary` arguments; a name without a dot is an input that the workflow exposes.

    Raises WorkflowError with all that is not understood.
    """
    axes, problems = [], []
    for setting in settings:
        target, equals, text = setting.partition("=")
        node, dot, name = target.partition(".")
        exposed = workflow.inputs.get(target)
        if exposed is not None:
            node, name = exposed.node, exposed.input
        elif not dot or not equals or not name or chain(workflow, node) is None:
            known = [f"{n}.{i}" for n, entry in entries(workflow) for i in entry.inputs]
            close = nearest(target, [*known, *workflow.inputs])
            problems.append(
                Problem(
                    ProblemCode.CALL, f"--vary {setting} is not understood",
                    expected=FORM, nearest=close,
                )
            )  # fmt: skip
            continue
        try:
            values = tuple(parse(value) for value in split_values(text))
        except OSError as error:
            told = f"--vary {target}: {error.filename}: {error.strerror}"
            problems.append(Problem(ProblemCode.FILE, told))
            continue
        except (UnicodeDecodeError, csv.Error) as error:
            problems.append(Problem(ProblemCode.FILE, f"--vary {target}: {error}"))
            continue
        if not values:
            problems.append(Problem(ProblemCode.CALL, f"--vary {target} has no values"))
        axes.append(Axis(node, name, values))
    if problems:
        raise WorkflowError(problems)
    return axes


def combinations(
    axes: Sequence[Axis], in_step: bool, limit: int = LIMIT
) -> list[tuple[InputValue, ...]]:
    """The values of each variant, in the order of the axes. Raises WorkflowError.

    in_step: the first values together, then the second ones …, instead of each with each.
    """
    counts = [len(axis.values) for axis in axes]
    if in_step and len(set(counts)) > 1:
        told = ", ".join(f"{a.node}.{a.input} has {len(a.values)}" for a in axes)
        raise WorkflowError([Problem(ProblemCode.CALL, f"--zip needs equally many values: {told}")])
    total = counts[0] if in_step else 1
    for count in () if in_step else counts:
        total *= count
    if total > limit:
        raise WorkflowError(
            [
                Problem(
                    ProblemCode.LIMIT, f"these are {total} variants", expected=f"at most {limit}",
                    hint="--limit N allows more",
                )
            ]
        )  # fmt: skip
    rows = zip(*(a.values for a in axes), strict=True) if in_step else itertools.product(
        *(a.values for a in axes)
    )  # fmt: skip
    return list(rows)
