"""`run FILE`: evaluate a workflow and write its pictures."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from nodeflow.cli.main import CANCELLED, DONE, FAILED, Parser
from nodeflow.cli.places import add_place_options, folders_from, plugin_folders
from nodeflow.cli.report import Reporter, result_json
from nodeflow.cli.values import named_inputs, parse_settings
from nodeflow.engine.cancel import cancel_on_interrupt
from nodeflow.engine.device import choose_device
from nodeflow.engine.disk_cache import DiskCache, default_folder
from nodeflow.engine.run import Engine
from nodeflow.graph.edit import apply_named_inputs, set_inputs
from nodeflow.interop.open import open_workflow
from nodeflow.interop.picture_metadata import picture_metadata
from nodeflow.node.check import check
from nodeflow.node.context import Cancelled
from nodeflow.node.plugins import load_registry

EXAMPLE = "python -m nodeflow run workflows/txt2img.yaml --prompt 'a cat on a green background'"


def parser() -> Parser:
    """The options of `run`."""
    made = Parser(
        prog="python -m nodeflow run",
        allow_abbrev=False,  # else an input called `model` would be taken for --models
        description="Run a workflow. Inputs that it exposes are options too: --prompt, --seed …",
        epilog=f"example: {EXAMPLE}",
    )
    made.add_argument("file", type=Path)
    made.add_argument("--set", metavar="NODE.INPUT=VALUE", action="append", default=[],
                      help="change an input of a node (in a subgraph: A:NODE)")  # fmt: skip
    made.add_argument("--only", metavar="NODE", action="append", default=[],
                      help="run only what this node needs; may be given several times")  # fmt: skip
    made.add_argument("--out", metavar="DIR", type=Path, help="where pictures go (default: output)")
    made.add_argument("--json", action="store_true", help="the result as one JSON object")
    made.add_argument("--quiet", action="store_true", help="print nothing but errors")
    made.add_argument("--explain", action="store_true", help="say of every node why it ran or not")
    made.add_argument("--again", action="store_true", help="compute even what the cache holds")
    made.add_argument("--no-cache", action="store_true", help="neither read nor write the disk")
    made.add_argument("--cache-dir", metavar="DIR", type=Path, help="where results are kept")
    made.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    add_place_options(made)
    return made


def command(argv: Sequence[str]) -> int:
    """Run a file; 0 done, 2 wrong, 3 a node failed, 130 cancelled."""
    arguments, rest = parser().parse_known_args(argv)
    registry = load_registry(plugin_folders(arguments))
    workflow = open_workflow(resolved(arguments.file), registry)
    workflow = set_inputs(workflow, parse_settings(arguments.set))
    workflow = apply_named_inputs(workflow, named_inputs(rest, workflow.inputs))
    checked = check(workflow, registry, folders_from(arguments), arguments.only)
    device = choose_device(arguments.device)
    disk = None if arguments.no_cache else open_cache(arguments)
    reporter = Reporter(quiet=arguments.quiet or arguments.json, explain=arguments.explain)
    engine = Engine(device=device, disk=disk)
    try:
        with cancel_on_interrupt() as cancelled, reporter:
            metadata = picture_metadata(workflow, registry, checked)
            result = engine.run(checked, reporter.on_event, cancelled, metadata, arguments.again)
    except (Cancelled, KeyboardInterrupt):
        print("cancelled; finished nodes are kept for the next run", file=sys.stderr)
        return CANCELLED
    finally:
        if disk is not None:
            disk.close()
    if arguments.json:
        print(json.dumps(result_json(result, checked.folders)))
    reporter.summary(result, checked.folders)
    return FAILED if result.failures else DONE


def resolved(path: Path) -> Path:
    """The file, or the shipped workflow of that name where `workflows/…` is not here."""
    from nodeflow.node.plugins import builtin_folder

    if not path.exists() and path.parent.name == "workflows":
        shipped = builtin_folder("workflows") / path.name
        if shipped.exists():
            return shipped
    return path


def open_cache(arguments: argparse.Namespace) -> DiskCache | None:
    """The disk cache; a folder that cannot be used is a warning, not an error."""
    try:
        return DiskCache(arguments.cache_dir or default_folder())
    except Exception as error:
        print(f"warning: running without the disk cache: {error}", file=sys.stderr)
        return None
