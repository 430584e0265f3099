"""`sweep FILE --vary NODE.INPUT=VALUES`: variants side by side, a labelled grid and a table."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nodeflow.cli.main import CANCELLED, DONE, FAILED, Parser
from nodeflow.cli.places import add_place_options, folders_from, plugin_folders
from nodeflow.cli.run import open_cache, resolved
from nodeflow.cli.sweep_report import Bar, Table, write_sheet
from nodeflow.cli.values import named_inputs, parse_settings, parse_value
from nodeflow.engine.cancel import cancel_on_interrupt
from nodeflow.engine.device import choose_device
from nodeflow.engine.run import Engine
from nodeflow.engine.sweep import run_sweep
from nodeflow.graph.document import InputValue, Workflow
from nodeflow.graph.edit import apply_named_inputs, set_inputs
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.graph.variants import LIMIT, Axis, combinations, parse_axes
from nodeflow.interop.open import open_workflow
from nodeflow.interop.picture_metadata import picture_metadata
from nodeflow.node.check import CheckedWorkflow, check
from nodeflow.node.context import Cancelled
from nodeflow.node.plugins import load_registry

EXAMPLE = (
    "python -m nodeflow sweep workflows/txt2img.yaml --vary sampler.cfg=2,4,6 --vary seed=1..4"
)


def parser() -> Parser:
    """The options of `sweep`."""
    made = Parser(
        prog="python -m nodeflow sweep",
        allow_abbrev=False,
        description="Run every combination of values. What variants share is computed once.",
        epilog=f"example: {EXAMPLE}",
    )
    made.add_argument("file", type=Path)
    made.add_argument("--vary", metavar="NODE.INPUT=VALUES", action="append", default=[],
                      help="values with commas between (quote those with a comma), 1..8, or "
                           "@file with a value a line; may be given several times")  # fmt: skip
    made.add_argument("--zip", action="store_true", dest="in_step",
                      help="take the values in step instead of each with each")  # fmt: skip
    made.add_argument("--set", metavar="NODE.INPUT=VALUE", action="append", default=[],
                      help="change an input of a node in all variants")  # fmt: skip
    made.add_argument("--out", metavar="DIR", type=Path, help="where pictures go (default: output)")
    made.add_argument("--exact", action="store_true",
                      help="each picture bit for bit as `run` draws it; slower")  # fmt: skip
    made.add_argument("--limit", metavar="N", type=int, default=LIMIT,
                      help=f"how many variants at most (default: {LIMIT})")  # fmt: skip
    made.add_argument("--json", action="store_true", help="the table as one JSON object")
    made.add_argument("--quiet", action="store_true", help="print nothing but errors")
    made.add_argument("--no-cache", action="store_true", help="neither read nor write the disk")
    made.add_argument("--cache-dir", metavar="DIR", type=Path, help="where results are kept")
    made.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    add_place_options(made)
    return made


def command(argv: Sequence[str]) -> int:
    """Run all variants; 0 done, 2 wrong, 3 a node failed, 130 cancelled."""
    arguments, rest = parser().parse_known_args(argv)
    registry = load_registry(plugin_folders(arguments))
    workflow = open_workflow(resolved(arguments.file), registry)
    workflow = set_inputs(workflow, parse_settings(arguments.set))
    workflow = apply_named_inputs(workflow, named_inputs(rest, workflow.inputs))
    axes = parse_axes(arguments.vary, workflow, parse_value)
    if not axes:
        call = Problem(ProblemCode.CALL, "nothing varies", expected="--vary NODE.INPUT=VALUES")
        raise WorkflowError([call])
    rows = combinations(axes, arguments.in_step, arguments.limit)
    folders = folders_from(arguments)
    documents = [variant(workflow, axes, values) for values in rows]
    checked = check_all(documents, lambda document: check(document, registry, folders))
    metadata = [
        picture_metadata(document, registry, known)
        for document, known in zip(documents, checked, strict=True)
    ]
    device = choose_device(arguments.device)
    disk = None if arguments.no_cache else open_cache(arguments)
    engine = Engine(device=device, disk=disk, company="" if arguments.exact else "all")
    bar = Bar(len(rows), shown=not (arguments.quiet or arguments.json) and sys.stderr.isatty())
    batching = share_calls(engine, arguments.exact)
    try:
        with cancel_on_interrupt() as cancelled, bar:
            results = run_sweep(engine, checked, metadata, bar.on_event, cancelled)
    except (Cancelled, KeyboardInterrupt):
        print("cancelled; what is finished is kept for the next call", file=sys.stderr)
        return CANCELLED
    finally:
        if disk is not None:
            disk.close()
    table = Table(axes, rows, results, folders)
    sheet = write_sheet(table, arguments.in_step, folders.output)
    for result in results:
        for failure in result.failures:
            print(failure, file=sys.stderr)
    calls = {"made": batching.calls, "wanted": engine.recordings.asked}
    if arguments.json:
        print(json.dumps({**table.as_json(), "grid": sheet and str(sheet), "model_calls": calls}))
    elif not arguments.quiet:
        print(table)
        shared = calls["wanted"] - calls["made"]
        print(f"{len(rows)} variants; {calls['made']} model calls, {shared} more were known")
        if sheet is not None:
            print(f"grid: {sheet}\ntable: {sheet.with_suffix('.csv')}")
    return FAILED if any(result.failures for result in results) else DONE


def variant(workflow: Workflow, axes: Sequence[Axis], values: Sequence[InputValue]) -> Workflow:
    """The workflow with these values."""
    pairs = zip(axes, values, strict=True)
    return set_inputs(workflow, {(axis.node, axis.input): value for axis, value in pairs})


def check_all(documents: Sequence[Workflow], one: Any) -> list[CheckedWorkflow]:
    """All variants checked; the same problem of several is told once."""
    checked, problems = [], []
    for document in documents:
        try:
            checked.append(one(document))
        except WorkflowError as error:
            problems += [p for p in error.problems if p not in problems]
    if problems:
        raise WorkflowError(problems)
    return checked


def share_calls(engine: Engine, exact: bool) -> Any:
    """How the samplings of this engine share network calls."""
    from nodeflow.diffusion.sampling.batching import BatchingSampler
    from nodeflow.diffusion.sampling.evaluate import Company

    company = Company.OWN if exact else Company.ALL
    return engine.resources.get(BatchingSampler, lambda: BatchingSampler(company))
