"""The commands and what they exit with: 0 done, 2 wrong call, 3 a node failed, 130 cancelled."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from nodeflow import __version__
from nodeflow.engine.torch_settings import settle
from nodeflow.graph.problem import WorkflowError

DONE, WRONG, FAILED, CANCELLED = 0, 2, 3, 130
COMMANDS = {
    "run": ("run", "run a workflow and write its pictures"),
    "sweep": ("sweep", "run variants of a workflow and compare them in a grid"),
    "explain": ("explain", "say what a run would compute, and why, without computing"),
    "validate": ("validate", "check a workflow without running it"),
    "convert": ("convert", "write a workflow as YAML, JSON or ComfyUI's API format"),
    "test": ("test", "run the tests beside workflows"),
    "nodes": ("nodes", "list node types, or describe one"),
    "cache": ("cache", "what is kept on disk: stats, ls, gc, clear, verify"),
    "plugin": ("plugin", "list, allow and block plugins"),
    "doctor": ("doctor", "versions, devices, folders, models, what is missing"),
    "train": ("train", "train the embedded model"),
    "serve": ("serve", "serve the editor and the API"),
}


class Parser(argparse.ArgumentParser):
    """An argument parser that knows it exits with 2."""


def overview() -> str:
    """The commands, a line each."""
    lines = [f"  {name:<10} {about}" for name, (_, about) in COMMANDS.items()]
    return "\n".join(
        ["usage: python -m nodeflow COMMAND …", "", "commands:", *lines, "",
         "`python -m nodeflow COMMAND --help` tells more."]
    )  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Run a command; returns the exit code and never shows a user a traceback."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(overview())
        return DONE
    if argv[0] in ("-V", "--version"):
        print(f"nodeflow {__version__}")
        return DONE
    if argv[0] not in COMMANDS:
        from nodeflow.graph.nearest import nearest

        close = nearest(argv[0], COMMANDS)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        print(f"nodeflow: there is no command '{argv[0]}'{hint}", file=sys.stderr)
        return WRONG
    settle()
    module = importlib.import_module(f"nodeflow.cli.{COMMANDS[argv[0]][0]}")
    try:
        code: int = module.command(list(argv[1:]))
        sys.stdout.flush()
        return code
    except WorkflowError as error:
        return wrong(error)
    except KeyboardInterrupt:
        print("cancelled", file=sys.stderr)
        return CANCELLED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def wrong(error: WorkflowError) -> int:
    """Print every problem, and how many there are."""
    for problem in error.problems:
        print(problem, file=sys.stderr)
    count = len(error.problems)
    if count > 1:
        print(f"{count} problems, nothing was run", file=sys.stderr)
    return WRONG


def entry() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))
