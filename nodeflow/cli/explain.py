"""`explain FILE`: what a run would compute and why, from headers and the cache alone."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from nodeflow.cli.main import DONE, WRONG
from nodeflow.cli.places import folders_from, plugin_folders
from nodeflow.cli.run import open_cache, parser, resolved
from nodeflow.cli.values import named_inputs, parse_settings
from nodeflow.engine.device import choose_device
from nodeflow.engine.dry_run import DryRun, Foreseen, dry_run
from nodeflow.engine.run import Engine
from nodeflow.graph.edit import apply_named_inputs, set_inputs
from nodeflow.graph.problem import WorkflowError
from nodeflow.interop.open import open_workflow
from nodeflow.node.check import check
from nodeflow.node.plugins import load_registry


def command(argv: Sequence[str]) -> int:
    """Explain a file with the options of `run`; exit 2 where something is wrong or missing."""
    options = parser()
    options.prog = "python -m nodeflow explain"
    options.description = "Say what `run` with the same options would compute, and why."
    arguments, rest = options.parse_known_args(argv)
    try:
        registry = load_registry(plugin_folders(arguments))
        workflow = open_workflow(resolved(arguments.file))
        workflow = set_inputs(workflow, parse_settings(arguments.set))
        workflow = apply_named_inputs(workflow, named_inputs(rest, workflow.inputs))
        checked = check(workflow, registry, folders_from(arguments))
    except WorkflowError as error:
        if not arguments.json:
            raise
        print(json.dumps({"problems": [asdict(problem) for problem in error.problems]}))
        return WRONG
    disk = None if arguments.no_cache else open_cache(arguments)
    try:
        engine = Engine(device=choose_device(arguments.device), disk=disk)
        found = dry_run(engine, checked, arguments.again)
    finally:
        if disk is not None:
            disk.close()
    if arguments.json:
        json.dump({"problems": [], **asdict(found)}, sys.stdout)
        print()
    else:
        show(found)
    return DONE


def show(found: DryRun) -> None:
    """A line for each node, and the sums."""
    for name, node in found.nodes.items():
        cost = "" if node.seconds is None else f"{node.seconds:.2f} s"
        print(f"{name:<20} {node.action:<6} {cost:>9}  {node.reason}")
    runs = sum(node.action == "run" for node in found.nodes.values())
    line = f"{runs} of {len(found.nodes)} nodes would run"
    if runs:
        line += f", about {found.seconds:.1f} s and {found.bytes / 1e6:.1f} MB of results"
        line += f" (not known of {found.unknown})" if found.unknown else ""
        if found.weights:
            line += f", and about {found.weights / 1e6:.1f} MB of weights in memory at once"
            line += f" (not known of {found.unweighed})" if found.unweighed else ""
    print(line)
    show_warnings(found.warnings)


def show_warnings(warnings: Sequence[Foreseen]) -> None:
    """A line for each."""
    for warning in warnings:
        expected = f" (expected: {warning.expected})" if warning.expected else ""
        place = f"{warning.node}.{warning.input}" if warning.input else warning.node
        print(f"note: {place}: {warning.message}{expected}")
