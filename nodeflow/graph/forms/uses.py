"""Which subgraphs use which; a subgraph inside itself is refused."""

from nodeflow.graph.document import Subgraph, Workflow
from nodeflow.graph.problem import Problem, ProblemCode


def used_by(graph: Subgraph, workflow: Workflow) -> list[str]:
    """The subgraphs that one uses directly, in order, each once."""
    types = (entry.type for entry in graph.nodes.values())
    return list(dict.fromkeys(kind for kind in types if kind in workflow.subgraphs))


def recursion(workflow: Workflow) -> Problem | None:
    """The first subgraph that contains itself, with the way round; no recursion here either."""
    done: set[str] = set()
    for start in workflow.subgraphs:
        path: list[str] = []
        stack = [(start, iter((start,)))]
        while stack:
            name = next(stack[-1][1], None)
            if name is None:
                stack.pop()
                if path:
                    done.add(path.pop())
                continue
            if name in path:
                ring = [*path[path.index(name) :], name]
                user = workflow.subgraphs[ring[-2]]
                uses = " uses ".join(f"'{part}'" for part in ring)
                entry = next(e for e in user.nodes.values() if e.type == name)
                return Problem(
                    ProblemCode.CYCLE,
                    f"the subgraph '{name}' contains itself: {uses}",
                    workflow.source, entry.position, entry.name,
                    hint="for something repeated, give a node a loop: loop: {times: 4}",
                )  # fmt: skip
            if name not in done:
                path.append(name)
                stack.append((name, iter(used_by(workflow.subgraphs[name], workflow))))
    return None
