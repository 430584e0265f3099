"""`plugin list|allow PATH|block PATH`: which plugins may run."""

from collections.abc import Sequence
from pathlib import Path

from nodeflow.cli.main import DONE, Parser
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.node.code_digest import code_digest, code_files
from nodeflow.node.plugins import declared_ids, installed_plugins, plugins_in
from nodeflow.node.trust import TrustList


def command(argv: Sequence[str]) -> int:
    """List plugins, or change what is allowed; exit 2 where there is no such plugin."""
    parser = Parser(prog="python -m nodeflow plugin", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="plugins found, and whether they may run")
    listing.add_argument("--plugins", metavar="DIR", action="append", type=Path, default=[])
    for name, about in (
        ("allow", "let a plugin run, as its code is now"),
        ("block", "take the permission back"),
    ):
        actions.add_parser(name, help=about).add_argument("path", type=Path)
    arguments = parser.parse_args(argv)
    trust = TrustList.of_user()
    if arguments.action == "list":
        show(trust, [Path("plugins"), *arguments.plugins])
        return DONE
    path: Path = arguments.path
    if not path.exists() or not any(file.suffix == ".py" for file in code_files(path)):
        message = f"{path}: there is no Python file or folder of one"
        raise WorkflowError([Problem(ProblemCode.CALL, message)])
    if arguments.action == "allow":
        trust.allow(path)
        ids = ", ".join(declared_ids(path)) or "no nodes"
        print(f"allowed {path} as it is now: {ids}")
    else:
        count = trust.block(path)
        print(f"blocked {path}" if count else f"{path} was not allowed")
    return DONE


def show(trust: TrustList, folders: Sequence[Path]) -> None:
    """One line for each plugin found."""
    allowed = trust.read()
    found = [*installed_plugins(), *(path for folder in folders for path in plugins_in(folder))]
    if not found:
        print("no plugins in " + ", ".join(str(folder) for folder in folders))
    for path in found:
        state = "allowed" if code_digest(path) in allowed else "blocked"
        print(f"{state}  {path}  {', '.join(declared_ids(path))}")
