"""`convert FILE --to yaml|json|api`: a workflow of any kind that is understood, as another."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from nodeflow.cli.main import DONE, Parser
from nodeflow.cli.places import add_place_options, plugin_folders
from nodeflow.cli.run import resolved
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.graph.write import to_json, to_yaml
from nodeflow.interop.comfyui_api import api_graph
from nodeflow.interop.open import open_workflow
from nodeflow.node.plugins import load_registry

ABOUT = """Write a workflow in another form: one of ours, ComfyUI's API graph, the file of its
editor, or a picture that carries one. Node types that are not known keep their values."""


def command(argv: Sequence[str]) -> int:
    """Convert a file; 0 done, 2 wrong."""
    parser = Parser(prog="python -m nodeflow convert", description=ABOUT)
    parser.add_argument("file", type=Path)
    parser.add_argument("--to", choices=("yaml", "json", "api"), default="yaml")
    parser.add_argument("--out", metavar="FILE", type=Path, help="instead of printing it")
    add_place_options(parser)
    arguments = parser.parse_args(argv)
    registry = load_registry(plugin_folders(arguments))
    workflow = open_workflow(resolved(arguments.file), registry)
    if arguments.to == "api":
        text = json.dumps(api_graph(workflow, registry), indent=2, ensure_ascii=False) + "\n"
    else:
        text = to_yaml(workflow) if arguments.to == "yaml" else to_json(workflow)
    if arguments.out is None:
        sys.stdout.write(text)
        return DONE
    if arguments.out.exists():
        message = f"{arguments.out} is there already"
        raise WorkflowError([Problem(ProblemCode.CALL, message, hint="name another file")])
    try:
        arguments.out.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{arguments.out} cannot be written: {error.strerror}"
        raise WorkflowError([Problem(ProblemCode.CALL, message)]) from None
    return DONE
