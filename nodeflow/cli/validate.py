"""`validate FILE`: every problem of a workflow, without running it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from nodeflow.cli.explain import show_warnings
from nodeflow.cli.main import DONE, WRONG, Parser
from nodeflow.cli.places import add_place_options, folders_from, plugin_folders
from nodeflow.engine.dry_run import warnings_of
from nodeflow.graph.problem import WorkflowError
from nodeflow.interop.open import open_workflow
from nodeflow.node.check import check
from nodeflow.node.plugins import load_registry


def command(argv: Sequence[str]) -> int:
    """Check a file; exit 2 where something is wrong."""
    parser = Parser(prog="python -m nodeflow validate", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true", help="problems as one JSON object")
    add_place_options(parser)
    arguments = parser.parse_args(argv)
    try:
        registry = load_registry(plugin_folders(arguments))
        workflow = open_workflow(arguments.file, registry)
        checked = check(workflow, registry, folders_from(arguments))
    except WorkflowError as error:
        if not arguments.json:
            raise
        json.dump({"valid": False, "problems": [asdict(p) for p in error.problems]}, sys.stdout)
        print()
        return WRONG
    if arguments.json:
        warnings = [asdict(warning) for warning in warnings_of(checked)]
        print(json.dumps({"valid": True, "problems": [], "warnings": warnings}))
    else:
        count = len(checked.nodes)
        print(f"{arguments.file}: {count} nodes, nothing wrong")
        show_warnings(warnings_of(checked))
    return DONE
