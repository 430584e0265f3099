"""Running the cases of a test file."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nodeflow.engine.artifacts import place
from nodeflow.engine.run import Engine, RunResult
from nodeflow.graph.document import Workflow
from nodeflow.graph.edit import apply_named_inputs, set_inputs
from nodeflow.graph.nearest import nearest
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.graphtest.document import SUFFIX, Case, GraphTests
from nodeflow.graphtest.expect import Came, Comparison
from nodeflow.interop.open import open_workflow
from nodeflow.node.check import check
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case ended: no failures, or what was not as expected."""

    file: Path
    case: str
    failures: tuple[str, ...]
    seconds: float
    written: tuple[Path, ...] = ()


def find_tests(paths: Sequence[Path]) -> list[Path]:
    """Test files named, those of named workflows, and all in named folders. Raises
    WorkflowError where there is none."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.rglob(f"*{SUFFIX}"))
        elif path.name.endswith(SUFFIX):
            inside = [path]
        else:
            inside = [path.with_name(path.stem + SUFFIX)]
        missing = [file for file in inside if not file.is_file()]
        if missing or not inside:
            name = missing[0] if missing else path / f"*{SUFFIX}"
            message = f"there is no test {name}"
            raise WorkflowError(
                [Problem(ProblemCode.CALL, message, hint="see docs/graph-tests.md")]
            )
        found += inside
    return found


def prepared(workflow: Workflow, case: Case) -> Workflow:
    """The workflow as a case wants it. Raises WorkflowError."""
    problems = [
        Problem(
            ProblemCode.CALL, f"there is no node '{name}' to mock", workflow.source,
            nearest=nearest(name, workflow.nodes),
        )
        for name in case.mocks
        if name not in workflow.nodes
    ]  # fmt: skip
    if problems:
        raise WorkflowError(problems)
    mocked = replace(workflow, nodes={**workflow.nodes, **case.mocks})
    return set_inputs(apply_named_inputs(mocked, case.inputs), case.settings)


def came_of(result: RunResult, folders: Folders, name: str) -> Came | None:
    """What a node of the document gave, also where it became several; None if it never was."""

    def belongs(node: str) -> bool:
        return node == name or node.startswith(f"{name}:")

    states = tuple(done.state for node, done in result.nodes.items() if belongs(node))
    made = [made for node, made in result.outputs.items() if belongs(node)]
    pictures = tuple(
        place(folders, file.folder) / file.path
        for artifacts in made
        for file in artifacts.files
        if file.media_type.startswith("image/")
    )
    texts = tuple(text for artifacts in made for text in artifacts.text)
    return Came(states, pictures, texts) if states else None


def run_case(
    file: GraphTests, case: Case, registry: Registry, folders: Folders, engine: Engine, update: bool
) -> CaseResult:
    """Run one case. Raises WorkflowError where the workflow is wrong."""
    began = time.monotonic()
    workflow = prepared(open_workflow(file.workflow, registry), case)
    result = engine.run(check(workflow, registry, folders, case.only))
    failures: list[str] = []
    written: list[Path] = []
    expected_to_fail = {
        node for node, wanted in case.expect.items() if wanted.get("state") in ("failed", "skipped")
    }
    for failure in result.failures:
        if failure.node not in expected_to_fail:
            failures.append(str(failure))
    for node, expected in case.expect.items():
        came = came_of(result, folders, node)
        if came is None:
            close = nearest(node, result.nodes)
            hint = f"; nearest: {', '.join(close)}" if close else ""
            failures.append(f"{node}: it never ran{hint}")
            continue
        comparison = Comparison(came, file.path.parent, update)
        failures += [f"{node}: {text}" for text in comparison.failures(expected)]
        written += comparison.written
    seconds = time.monotonic() - began
    return CaseResult(file.path, case.name, tuple(failures), seconds, tuple(written))
