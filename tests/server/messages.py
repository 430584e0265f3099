"""The texts of the Python sources that can reach a person through the editor, as templates.

A template is the text with its slots as {0}, {1} …, in their order in the f-string.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SILENT = (
    "nodeflow/cli", "nodeflow/graphtest", "nodeflow/diffusion/training/",
    "nodeflow/graph/variants.py", "nodeflow/interop/infotext.py",
    "nodeflow/interop/comfyui_errors.py",
    "nodeflow/engine/amounts.py", "nodeflow/engine/costs.py", "nodeflow/engine/device.py",
    "nodeflow/engine/disk_cache.py", "nodeflow/engine/index.py", "nodeflow/engine/keys.py",
    "nodeflow/engine/ledger.py", "nodeflow/engine/traces.py", "nodeflow/engine/upkeep.py",
    "nodeflow/server/a1111", "nodeflow/server/comfyui", "nodeflow/server/store",
    "nodeflow/server/api/frames.py", "nodeflow/server/events/log.py",
    "nodeflow/server/http/openapi.py", "nodeflow/server/http/page.py",
    "nodeflow/server/process/disk.py", "nodeflow/server/process/prompt.py",
    "nodeflow/server/process/stack.py", "nodeflow/server/state.py",
)  # fmt: skip
"""Parts of the sources whose texts go to a terminal, a file, SQLite or another tool's client."""
HEARD = "nodeflow/diffusion/training/adapter"
"""The part of the training that nodes call."""
UNHEARD = {"debug", "info", "warning", "error", "exception", "cast", "compile", "execute"}
"""Calls whose texts are for a log, a type checker, a pattern or SQLite."""
NO_WORDS = re.compile(
    r"""(select|insert|update|delete|pragma|create|order\ by|state\ in)\b
    | id\ =\ \? | number\ <\ \? | and\ \{0\}\ =\ \?
    | \#\ TYPE | nodeflow_\w+[ {] | default-src | sandbox | private, | attachment; | Bearer\ realm
    | (float|enum|dict|class|tensor|file|lists|literal|depends)\ [{\d] | length\ of\ \{0\}:
    | .*\|.*\b(Reference|str|tuple) | (tuple|Callable|dict)\[
    | \{0\},\ torch\ \{1\} | ,\ rows\ shared | ,\ \{0\}\ threads
    | warning:\ \{0\}$ | from\ %|the\ plugin\ %s|is\ blocked$ | ;\ nearest
    | node\ '\{0\}'\ \(\{1\}\)\ failed""",
    re.VERBOSE,
)
"""Texts for SQLite, HTTP, keys of the cache, metrics, type checkers, logs and terminals."""


def template(text: ast.JoinedStr) -> str:
    """An f-string as a template; a slot that holds a constant is that constant."""
    parts, slots = "", 0
    for value in text.values:
        if isinstance(value, ast.Constant):
            parts += str(value.value)
        else:
            parts += f"{{{slots}}}"
            slots += 1
    return parts


def said(node: ast.AST) -> Iterator[tuple[str, int]]:
    """The texts within a syntax tree with their lines, texts that are joined as `{0} and {1}`.

    Docstrings, annotations, decorators and what is only compared are passed over.
    """
    inner: Iterable[ast.AST | None] = ast.iter_child_nodes(node)
    match node:
        case ast.Constant(value=str(text)):
            yield text, node.lineno
        case ast.JoinedStr(values=values):
            yield template(node), node.lineno
            inner = [value.value for value in values if isinstance(value, ast.FormattedValue)]
        case ast.Call(func=ast.Attribute(ast.Constant(str(glue)), "join"), args=arguments):
            yield f"{{0}}{glue}{{1}}", node.lineno
            inner = arguments
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in UNHEARD:
            return
        case ast.Expr(value=ast.Constant()) | ast.Subscript(value=ast.Name("Literal")):
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            inner = [*node.args.defaults, *node.args.kw_defaults, *node.body]
        case ast.ClassDef(body=body):
            inner = body
        case ast.AnnAssign(annotation=annotation, value=value):
            inner = [] if "TypeAlias" in ast.unparse(annotation) else [value]
        case ast.Compare(left=left, comparators=others):
            inner = [part for part in (left, *others) if not isinstance(part, ast.Constant)]
    for part in inner:
        if part is not None:
            yield from said(part)


def texts() -> dict[str, str]:
    """Every literal text of those sources with a place where it stands."""
    found: dict[str, str] = {}
    for root in ("nodeflow", "nodes"):
        for path in sorted((REPOSITORY / root).rglob("*.py")):
            name = path.relative_to(REPOSITORY).as_posix()
            if name.startswith(SILENT) and not name.startswith(HEARD):
                continue
            for text, line in said(ast.parse(path.read_text(encoding="utf-8"))):
                found.setdefault(text.strip(), f"{name}:{line}")
    return found


def is_sentence(text: str) -> bool:
    """Whether a text is words for people: two or more of them, slots counted."""
    words = re.search("[a-z]{2}", re.sub(r"\{\d+\}", "", text))
    return " " in text and words is not None and NO_WORDS.match(text) is None
