"""`serve`: the server, which comes next."""

import sys
from collections.abc import Sequence

from nodeflow.cli.main import WRONG


def command(argv: Sequence[str]) -> int:
    """Say that there is no server yet."""
    print(
        "nodeflow: there is no server yet; `python -m nodeflow run FILE` runs a workflow",
        file=sys.stderr,
    )
    return WRONG
