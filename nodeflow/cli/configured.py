"""Options of a command out of a file and the environment, as if they stood before its own.

What comes later counts: the file, then the environment, then the command line.
"""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

from nodeflow.graph.limits import DEFAULT
from nodeflow.graph.nearest import nearest
from nodeflow.graph.parse import parse
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError


def options_of(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The parser's options by their long names without dashes."""
    return {
        text.removeprefix("--"): action
        for action in parser._actions
        for text in action.option_strings
        if text.startswith("--") and text != "--help"
    }


def from_file(parser: argparse.ArgumentParser, path: Path) -> list[str]:
    """Arguments out of a YAML or JSON mapping of option names. Raises WorkflowError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise problem(f"{path} cannot be read: {error.strerror}", "a file of options") from None
    data = parse(text, str(path), DEFAULT).data
    if data is None:
        return []
    if not isinstance(data, dict):
        raise problem(f"{path} holds no mapping", "lines `option: value`")
    return arguments(parser, data, str(path))


def from_environment(
    parser: argparse.ArgumentParser, environment: Mapping[str, str], prefix: str
) -> list[str]:
    """Arguments out of variables such as `NODEFLOW_SERVE_PORT`."""
    given = {
        name.removeprefix(prefix).lower().replace("_", "-"): value
        for name, value in environment.items()
        if name.startswith(prefix) and value
    }
    return arguments(parser, given, f"the variables {prefix}…")


def arguments(
    parser: argparse.ArgumentParser, given: Mapping[str, object], source: str
) -> list[str]:
    """Command line words for option names and values."""
    known = options_of(parser)
    words: list[str] = []
    for key, value in given.items():
        name = str(key)
        if name not in known:
            raise problem(f"{source}: there is no option '{name}'", "", nearest(name, known))
        if known[name].nargs == 0:
            if str(value).lower() not in ("true", "false", "1", "0"):
                raise problem(f"{source}: '{name}' is '{value}'", "true or false")
            words += [f"--{name}"] if str(value).lower() in ("true", "1") else []
            continue
        each: Iterable[object] = value if isinstance(value, list) else [value]
        words += [f"--{name}={item}" for item in each]
    return words


def problem(message: str, expected: str, close: tuple[str, ...] = ()) -> WorkflowError:
    """A wrong setting."""
    return WorkflowError(
        [Problem(ProblemCode.CALL, message, expected=expected or None, nearest=close)]
    )
