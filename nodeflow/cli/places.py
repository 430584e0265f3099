"""Folders from the command line: models, plugins, output."""

import argparse
import os
from collections.abc import Iterable
from pathlib import Path

from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.node.folders import Folders, ModelRoot

EXTRA_PATHS = "extra_model_paths.yaml"


def add_place_options(parser: argparse.ArgumentParser) -> None:
    """The options that several commands share."""
    parser.add_argument(
        "--models",
        metavar="DIR",
        action="append",
        type=Path,
        default=[],
        help="a folder with checkpoints/, vae/, …; may be given several times",
    )
    parser.add_argument(
        "--allow-pickled",
        action="store_true",
        help="read .ckpt, .pt, .pth and .bin too, through torch's weights-only loader",
    )
    parser.add_argument(
        "--input",
        metavar="DIR",
        type=Path,
        default=Path("input"),
        dest="input_folder",
        help="where LoadImage looks (default: input)",
    )
    parser.add_argument(
        "--plugins",
        metavar="DIR",
        action="append",
        type=Path,
        default=[],
        help="a folder of plugins besides ./plugins",
    )


def folders_from(arguments: argparse.Namespace) -> Folders:
    """The folders that a call names, `models` and `extra_model_paths.yaml` of here included."""
    if getattr(arguments, "allow_pickled", False):
        os.environ["NODEFLOW_PICKLED"] = "allow"
    for given in arguments.models:
        if not given.is_dir():
            raise WorkflowError(
                [Problem(ProblemCode.CALL, f"--models {given}: there is no such folder")]
            )
    roots = [ModelRoot.at(root) for root in (*arguments.models, Path("models"))]
    for folder in (Path(), *arguments.models):
        if (folder / EXTRA_PATHS).is_file():
            roots.extend(extra_model_paths(folder / EXTRA_PATHS))
    output = getattr(arguments, "out", None) or Path("output")
    return Folders(output=output, input=arguments.input_folder, models=tuple(roots))


def plugin_folders(arguments: argparse.Namespace) -> Iterable[Path]:
    """`./plugins` and those named. Raises WorkflowError where a named one is not there."""
    for given in arguments.plugins:
        if not given.is_dir():
            raise WorkflowError(
                [Problem(ProblemCode.CALL, f"--plugins {given}: there is no such folder")]
            )
    return [Path("plugins"), *arguments.plugins]


def extra_model_paths(path: Path) -> list[ModelRoot]:
    """ComfyUI's file of further model folders: sections with `base_path` and kinds."""
    from nodeflow.graph.limits import DEFAULT
    from nodeflow.graph.parse import parse_yaml
    from nodeflow.graph.read import read_text

    data = parse_yaml(read_text(path), str(path), DEFAULT).data
    roots = []
    for section in data.values() if isinstance(data, dict) else []:
        if not isinstance(section, dict):
            continue
        base = path.parent / str(section.get("base_path", ""))
        kinds = {
            kind: tuple(base / line.strip() for line in str(value).splitlines() if line.strip())
            for kind, value in section.items()
            if kind not in ("base_path", "is_default") and isinstance(value, str)
        }
        roots.append(ModelRoot(kinds))
    return roots
