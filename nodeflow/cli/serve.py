"""`serve`: the editor and the API over HTTP, until told to stop."""

import argparse
import asyncio
import errno
import logging
import os
import secrets
import signal
import sqlite3
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, get_args

from nodeflow.cli.configured import from_environment, from_file
from nodeflow.cli.log_lines import Form, log_to_stderr
from nodeflow.cli.main import DONE, Parser
from nodeflow.cli.places import add_place_options, folders_from, plugin_folders
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.node.context import Previews
from nodeflow.node.trust import config_folder

if TYPE_CHECKING:
    from nodeflow.server.options import Options
    from nodeflow.server.process.messages import Places

log = logging.getLogger("nodeflow.serve")
SOUND = "a sound file: bring back a copy, or move it away to begin with an empty history"
ROOM = "a folder on a disk with room: make some, or give another with --data"
RIGHT = "a folder that this user may write: change its owner, or give another with --data"
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
FULL = (errno.ENOSPC, errno.EDQUOT)
NUMBERS: dict[str, tuple[type[int] | type[float], float, str]] = {
    "retries": (int, 1, "how often a job whose worker died goes on with another"),
    "hang": (float, 120, "seconds of silence after which a worker is replaced"),
    "stall": (float, 3600, "seconds without progress after which it is replaced"),
    "queue-limit": (int, 10_000, "jobs that may wait"),
    "client-limit": (int, 2_000, "jobs of one client that may wait"),
    "keep-jobs": (int, 10_000, "ended jobs that stay in the history"),
    "keep-days": (float, 0, "days that they stay, 0 for any"),
    "keep-temp": (float, 30, "days that temporary pictures stay after their last use, 0 for any"),
    "keep-trash": (float, 30, "days that deleted files and workflows stay, 0 for any"),
    "keep-events": (int, 500_000, "events that stay for clients that resume"),
    "memory-limit": (float, 0, "GB of memory after which a worker is replaced, 0 for any"),
}
"""Options that are numbers from 0 on: type, default, meaning."""


def parser() -> Parser:
    """The options of `serve`."""
    made = Parser(prog="python -m nodeflow serve", description=__doc__, allow_abbrev=False)
    made.add_argument("--host", default="127.0.0.1", help="address (default: this machine only)")
    made.add_argument("--port", type=int, default=8188, help="port (default: 8188; 0: a free one)")
    made.add_argument("--open", action="store_true", help="open the editor in a browser")
    made.add_argument("--no-token", action="store_true", help="ask nobody (this machine only)")
    made.add_argument("--allow-host", metavar="NAME", action="append", default=[],
                      help="a further name under which the server is called")  # fmt: skip
    made.add_argument("--data", metavar="DIR", type=Path, help="the server's own files")
    made.add_argument("--out", metavar="DIR", type=Path, help="where pictures go (default: output)")
    made.add_argument("--cache-dir", metavar="DIR", type=Path, help="where results are kept")
    made.add_argument(
        "--device", default="auto", help="auto, cpu, cuda or cuda:N; with commas a worker for each"
    )
    made.add_argument(
        "--workers", type=int, default=1, help="processes that run jobs, of each device"
    )
    made.add_argument(
        "--preview", "--preview-method", choices=get_args(Previews), default="auto",
        help="how pictures in progress are made (default: auto, by TAESD where its decoder is)",
    )  # fmt: skip
    made.add_argument("--lazy", action="store_true",
                      help="load torch when a job needs it, not before: less memory, a slower "
                      "first picture")  # fmt: skip
    made.add_argument("--page", metavar="DIR", type=Path,
                      help="another built editor to serve, such as ComfyUI's")  # fmt: skip
    for option, (kind, default, text) in NUMBERS.items():
        made.add_argument(f"--{option}", type=kind, default=default, metavar="N",
                          help=f"{text} (default: {default:g})")  # fmt: skip
    made.add_argument("--certificate", metavar="FILE", type=Path, help="TLS certificate chain")
    made.add_argument("--key", metavar="FILE", type=Path, help="its private key")
    made.add_argument("--users", metavar="FILE", type=Path,
                      help="lines `name: token`, for several users apart")  # fmt: skip
    made.add_argument("--log", choices=get_args(Form), default="text",
                      help="lines for people, or a JSON object a line (default: text)")  # fmt: skip
    made.add_argument("--config", metavar="FILE", type=Path, help="a file of these options")
    add_place_options(made)
    return made


def asked(argv: Sequence[str]) -> argparse.Namespace:
    """The options out of file, environment and command line; each beats the one before it."""
    made = parser()
    named = made.parse_known_args(argv)[0].config or os.environ.get("NODEFLOW_SERVE_CONFIG")
    file = Path(named) if named else usual_file()
    words = [] if file is None else from_file(made, file)
    words += from_environment(made, os.environ, "NODEFLOW_SERVE_")
    return made.parse_args([*words, *argv])


def usual_file() -> Path | None:
    """`serve.yaml` in the configuration folder, where there is one that can be seen."""
    file = config_folder() / "serve.yaml"
    try:
        return file if file.is_file() else None
    except OSError:  # the home of a service may be closed to it
        return None


def data_folder() -> Path:
    """`NODEFLOW_DATA`, else `nodeflow` in the user's data folder."""
    named = os.environ.get("NODEFLOW_DATA")
    if named:
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "nodeflow"


def command(argv: Sequence[str]) -> int:
    """Serve; 0 after an orderly stop, 2 for a wrong call."""
    from nodeflow.server.jobs.archive import Retention
    from nodeflow.server.jobs.job import Limits
    from nodeflow.server.options import LOOPBACK, Options

    arguments = asked(argv)
    if arguments.no_token and arguments.host not in LOOPBACK:
        wrong("--no-token is for this machine only", "--host 127.0.0.1")
    if arguments.page is not None and not (arguments.page / "index.html").is_file():
        wrong(f"--page {arguments.page}: there is no index.html", "a folder with a built page")
    for option in ("certificate", "key", "users"):
        named = getattr(arguments, option)
        if named is not None and not named.is_file():
            wrong(f"--{option} {named}: there is no such file", "a file")
    if (arguments.certificate is None) != (arguments.key is None):
        wrong("TLS needs both --certificate and --key", "both, or neither")
    if arguments.workers < 1:
        wrong(f"--workers {arguments.workers} is out of range", "1 or more")
    for name in NUMBERS:
        if (value := getattr(arguments, name.replace("-", "_"))) < 0:
            wrong(f"--{name} {value} is out of range", "0 or more")
    data = (arguments.data or data_folder()).resolve()
    try:
        tokens = {} if arguments.no_token else read_tokens(arguments.users, data)
    except OSError as error:
        unusable(data, error)
    from nodeflow.engine.disk_cache import default_folder

    options = Options(
        places=places_from(arguments), data=data,
        cache=str((arguments.cache_dir or default_folder()).resolve()), tokens=tokens,
        host=arguments.host, port=arguments.port, hosts=tuple(arguments.allow_host),
        device=arguments.device, workers=arguments.workers,
        memory_limit=int(arguments.memory_limit * 1e9), hang=arguments.hang, stall=arguments.stall,
        limits=Limits(arguments.queue_limit, arguments.client_limit, arguments.retries),
        retention=Retention(
            arguments.keep_jobs, arguments.keep_days, arguments.keep_events, arguments.keep_temp,
            arguments.keep_trash,
        ),
        certificate=arguments.certificate,
        key=arguments.key, page=arguments.page, previews=arguments.preview, lazy=arguments.lazy,
    )  # fmt: skip
    log_to_stderr(arguments.log)
    try:
        return asyncio.run(serve(options, arguments.open))
    except ssl.SSLError as error:
        wrong(f"the certificate cannot be used: {error.reason}", "a chain and its key in PEM")
    except sqlite3.Error as error:
        from nodeflow.server.refusals import UNWRITABLE, sqlite_code

        expected = ROOM if sqlite_code(error) in UNWRITABLE else SOUND
        wrong(f"{data / 'server.sqlite'} cannot be used: {error}", expected)
    except OSError as error:
        if error.filename is not None or error.errno in FULL:
            unusable(data, error)
        wrong(f"port {arguments.port} cannot be used: {error.strerror}", "another --port, or 0")


def unusable(data: Path, error: OSError) -> NoReturn:
    """Raise the problem of a data folder that cannot be written."""
    wrong(f"{data} cannot be used: {error.strerror}", RIGHT if error.errno in CLOSED else ROOM)


def wrong(message: str, expected: str) -> NoReturn:
    """Raise the problem of a call."""
    raise WorkflowError([Problem(ProblemCode.CALL, message, expected=expected)])


def places_from(arguments: argparse.Namespace) -> "Places":
    """The folders of the call, made absolute."""
    from nodeflow.server.process.messages import Places

    folders = folders_from(arguments)
    return Places(
        output=str(folders.output.resolve()), input=str(folders.input.resolve()),
        temp=str(folders.temp.resolve()),
        models=tuple(
            {kind: tuple(str(p.resolve()) for p in paths) for kind, paths in root.folders.items()}
            if root.path is None
            else str(root.path.resolve())
            for root in folders.models
        ),
        plugins=tuple(str(Path(folder).resolve()) for folder in plugin_folders(arguments)),
    )  # fmt: skip


def read_tokens(users: Path | None, data: Path) -> dict[str, str]:
    """Token → user. Without a file of users one token, kept with mode 600 in the data folder."""
    if users is None:
        file = data / "token"
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.is_file() or not file.read_text(encoding="ascii").strip():
            made = file.with_suffix(f".{os.getpid()}")
            descriptor = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            try:
                with os.fdopen(descriptor, "w", encoding="ascii") as opened:
                    opened.write(secrets.token_urlsafe(32))
                made.replace(file)
            finally:
                made.unlink(missing_ok=True)
        file.chmod(0o600)
        return {file.read_text(encoding="ascii").strip(): ""}
    tokens: dict[str, str] = {}
    for line in users.read_text(encoding="utf-8").splitlines():
        name, colon, token = line.partition(":")
        if not line.strip() or line.startswith("#"):
            continue
        if not colon or not name.strip().isidentifier() or len(token.strip()) < 16:
            wrong(f"{users}: '{name}' is no line of users", "name: token of 16 or more characters")
        tokens[token.strip()] = name.strip()
    return tokens


async def serve(options: "Options", browser: bool) -> int:
    """Run until SIGINT or SIGTERM."""
    from nodeflow.server.app import started

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner, port = await started(options)
    scheme = "https" if options.certificate else "http"
    host = "127.0.0.1" if options.host in ("0.0.0.0", "::") else options.host
    link = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"
    token = next((t for t, user in options.tokens.items() if not user), None)
    log.info("serving %s", link, extra={"about": {"address": link, "process": os.getpid()}})
    print(f"nodeflow: {link}" + (f"?token={token}" if token else ""), flush=True)
    if browser:
        import webbrowser

        webbrowser.open(link + (f"?token={token}" if token else ""))
    await stop.wait()
    log.info("stopping after the running step")
    await runner.cleanup()
    return DONE
