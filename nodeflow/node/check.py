"""The check of a whole workflow before anything runs: every form, node, link and literal."""

from collections.abc import Iterable, Mapping, Sequence

from nodeflow.graph.document import Reference, Workflow
from nodeflow.graph.forms.expand import expand
from nodeflow.graph.forms.flat import Flat, FlatNode, FlatValue, Source, references
from nodeflow.graph.nearest import nearest
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.node.check_node import NodeCheck
from nodeflow.node.checked import CheckedNode, CheckedWorkflow, Link
from nodeflow.node.folders import Folders
from nodeflow.node.infer import infer_all
from nodeflow.node.order import circle, ordered, with_ancestors
from nodeflow.node.plugins import Registry
from nodeflow.node.port import Refusal, accepts, named_type, read_literal, wire_name
from nodeflow.node.signatures import signatures_of

__all__ = ["CheckedNode", "CheckedWorkflow", "Link", "check"]


def check(
    workflow: Workflow, registry: Registry, folders: Folders, only: Sequence[str] = ()
) -> CheckedWorkflow:
    """Check everything; raises WorkflowError with all problems in the order of the document.

    `only`: the nodes to evaluate instead of all output nodes; what they do not need is not
    checked either.
    """
    return checked(workflow, registry, folders, tuple(only), {})


def checked(
    workflow: Workflow, registry: Registry, folders: Folders, only: tuple[str, ...],
    lengths: Mapping[Source, int],
) -> CheckedWorkflow:  # fmt: skip
    """The same with the lengths of lists that a run has given already."""
    flat = expand(workflow, signatures_of(registry), lengths)
    needs = needs_of(flat.nodes)
    outputs = wanted(flat, registry, only, workflow)
    kept = with_ancestors(needs, outputs) if only else set(flat.nodes)
    nodes = {name: node for name, node in flat.nodes.items() if name in kept}
    order = ordered({name: needs[name] for name in nodes})
    found = NodeCheck(nodes, registry, folders, workflow.source)
    for name in dict.fromkeys((*order, *nodes)):
        found.node(nodes[name])
    problems = [*flat.problems, *found.problems, *borders(flat, found, workflow.source)]
    if len(order) < len(nodes):
        problems.append(cycle(nodes, needs, set(nodes) - set(order), workflow.source))
    if not outputs and not problems:
        problems.append(nothing_to_do(workflow.source))
    infos = {} if problems else infer_all(found.checked, folders)
    for name, info in infos.items():
        for problem in info.problems:
            found.report_input(nodes[name], problem)
            problems.append(found.problems[-1])
    if problems:
        raise WorkflowError(in_order(problems))
    lists = tuple(found.output(Reference(*source)) for source in flat.guessed if source[0] in kept)

    def with_lengths(more: Mapping[Link, int]) -> CheckedWorkflow:
        named = {
            (link.node, found.checked[link.node].spec.outputs[link.output].name): count
            for link, count in more.items()
        }
        return checked(workflow, registry, folders, only, {**lengths, **named})

    return CheckedWorkflow(
        found.checked, outputs, workflow.source, folders, infos,
        tuple(link for link in lists if link is not None), with_lengths,
    )  # fmt: skip


def needs_of(nodes: Mapping[str, FlatNode]) -> dict[str, list[str]]:
    """The nodes that each takes values from, each once."""
    return {
        name: list(
            dict.fromkeys(
                found.node
                for value in node.inputs.values()
                for found in references(value)
                if found.node in nodes
            )
        )
        for name, node in nodes.items()
    }


def wanted(
    flat: Flat, registry: Registry, only: Sequence[str], workflow: Workflow
) -> tuple[str, ...]:
    """The output nodes, or what the names in `only` have become."""
    outputs = [
        name
        for name, node in flat.nodes.items()
        if (spec := registry.get(node.type)) is not None and spec.declaration.output
    ]
    if not only:
        return tuple(outputs)
    found: dict[str, None] = {}
    problems = []
    for name in only:
        inside = [output for output in outputs if output.startswith(f"{name}:")]
        given = [r.node for value in flat.stands_for.get(name, ()) for r in references(value)]
        names = [name] if name in flat.nodes else inside or given
        if not names:
            known = [*workflow.nodes, *flat.nodes]
            problems.append(
                Problem(
                    ProblemCode.CALL,
                    f"there is no node '{name}' to run",
                    workflow.source,
                    nearest=nearest(name, known),
                )  # fmt: skip
            )
        found.update(dict.fromkeys(names))
    if problems:
        raise WorkflowError(problems)
    return tuple(found)


def borders(flat: Flat, found: NodeCheck, source: str | None) -> Iterable[Problem]:
    """Values that do not have the type which a subgraph declares."""
    for border in flat.borders:
        declared = named_type(border.type)
        expected = wire_name(declared)
        problem = border_problem(border.value, expected, found)
        if problem is not None:
            yield Problem(
                ProblemCode.TYPE_MISMATCH, problem, source, border.position, border.node,
                border.port, expected,
            )  # fmt: skip


def border_problem(value: FlatValue, expected: str, found: NodeCheck) -> str | None:
    """What is wrong with a value for a declared type, or None."""
    declared = named_type(expected)
    for reference in references(value):
        link = found.output(reference)
        if link is None:
            continue
        kind = found.type_of(link)
        fits = accepts(declared, kind) or accepts(declared, getattr(kind, "item", kind))
        if not fits and not accepts(getattr(declared, "item", declared), kind):
            return f"{reference} is {wire_name(kind)}, but {expected} is declared"
    literal = isinstance(value, None | bool | int | float | str)
    if literal and value is not None and expected in ("INT", "FLOAT", "STRING", "BOOLEAN"):
        read = read_literal(declared, value, ())
        return read.message if isinstance(read, Refusal) else None
    return None


def cycle(
    nodes: Mapping[str, FlatNode], needs: Mapping[str, Sequence[str]], left: set[str],
    source: str | None,
) -> Problem:  # fmt: skip
    """The circle among nodes that have no order."""
    ring = circle({name: [n for n in needs[name] if n in nodes] for name in nodes}, left)
    node = nodes[ring[0]]
    port = next(
        port
        for port, value in node.inputs.items()
        if any(reference.node == ring[1] for reference in references(value))
    )
    needed = " needs ".join(f"'{part}'" for part in ring)
    return Problem(
        ProblemCode.CYCLE,
        f"the links run in a circle: {needed}",
        source, node.positions.get(port, node.position), node.name, port,
        hint="take out one of these links",
    )  # fmt: skip


def nothing_to_do(source: str | None) -> Problem:
    """No output node."""
    return Problem(
        ProblemCode.NO_OUTPUT, "no node writes or shows anything, nothing would run", source,
        expected="an output node such as SaveImage",
    )  # fmt: skip


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """As they stand in the file; what is wrong in a subgraph or a loop is told once."""
    once: dict[object, Problem] = {}
    for problem in problems:
        same = (problem.code, problem.position, problem.input, problem.message)
        once.setdefault(same if problem.position is not None else problem, problem)
    return sorted(
        once.values(),
        key=lambda p: (p.position.line, p.position.column) if p.position is not None else (0, 0),
    )
