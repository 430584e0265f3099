"""`test [PATHS]`: run the `*.test.yaml` beside workflows (docs/graph-tests.md)."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from nodeflow.cli.main import DONE, FAILED, Parser
from nodeflow.cli.places import add_place_options, folders_from, plugin_folders
from nodeflow.engine.device import choose_device
from nodeflow.engine.run import Engine
from nodeflow.graphtest.document import read_tests
from nodeflow.graphtest.run import CaseResult, find_tests, run_case
from nodeflow.node.context import Resources
from nodeflow.node.plugins import load_registry


def command(argv: Sequence[str]) -> int:
    """Run tests; 0 all passed, 2 a test or workflow is wrong, 3 something was not as expected."""
    parser = Parser(prog="python -m nodeflow test", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[Path("workflows")])
    parser.add_argument("--json", action="store_true", help="results as one JSON object")
    parser.add_argument("--update", action="store_true", help="take the pictures as golden")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    add_place_options(parser)
    arguments = parser.parse_args(argv)
    registry = load_registry(plugin_folders(arguments))
    folders = folders_from(arguments)
    files = [read_tests(path) for path in find_tests(arguments.paths)]
    device, resources = choose_device(arguments.device), Resources()
    results = []
    with TemporaryDirectory() as made:
        for file in files:
            for number, case in enumerate(file.cases):
                root = Path(made) / file.path.stem / str(number)
                own = replace(folders, output=root / "output", temp=root / "temp")
                engine = Engine(device=device, resources=resources)
                result = run_case(file, case, registry, own, engine, arguments.update)
                results.append(result)
                if not arguments.json:
                    show(result)
    failed = sum(1 for result in results if result.failures)
    if arguments.json:
        print(json.dumps({"passed": len(results) - failed, "failed": failed,
                          "cases": [as_json(result) for result in results]}))  # fmt: skip
    else:
        print(f"{len(results) - failed} passed" + (f", {failed} failed" if failed else ""))
    return FAILED if failed else DONE


def show(result: CaseResult) -> None:
    """One line for a case, and one for everything that was not as expected."""
    mark = "FAILED" if result.failures else "passed"
    print(f"{mark}  {result.file}: {result.case} ({result.seconds:.1f} s)")
    for failure in result.failures:
        print(f"    {failure}", file=sys.stderr)
    for path in result.written:
        print(f"    wrote {path}")


def as_json(result: CaseResult) -> dict[str, object]:
    """One case."""
    return {
        "file": str(result.file), "case": result.case, "passed": not result.failures,
        "failures": list(result.failures), "seconds": round(result.seconds, 3),
        "written": [str(path) for path in result.written],
    }  # fmt: skip
