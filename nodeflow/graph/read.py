"""Reading a workflow document: all problems at once, with their places."""

from pathlib import Path

from nodeflow.graph import limits as limits_module
from nodeflow.graph.document import (
    InputValue,
    JsonValue,
    NodeEntry,
    Reference,
    Workflow,
    WorkflowInput,
)
from nodeflow.graph.limits import Limits
from nodeflow.graph.nearest import nearest
from nodeflow.graph.parse import Parsed, fail, parse, too_large
from nodeflow.graph.problem import Position, Problem, ProblemCode, WorkflowError

SECTIONS = ("nodeflow", "name", "description", "inputs", "nodes", "requires", "layout")
FORMAT = 1


def read_text(path: Path, limits: Limits = limits_module.DEFAULT) -> str:
    """The text of a workflow file. Raises WorkflowError where there is none to read."""
    try:
        size = path.stat().st_size
        if size > limits.bytes:
            raise too_large(size, str(path), limits)
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        close = nearest(path.name, _neighbours(path))
        problem = Problem(
            ProblemCode.FILE, f"cannot be read: {error.strerror}", str(path),
            nearest=tuple(str(path.with_name(name)) for name in close),
        )  # fmt: skip
        raise WorkflowError([problem]) from None
    except UnicodeDecodeError:
        message = "this is no text in UTF-8"
        raise fail(ProblemCode.SYNTAX, message, str(path)) from None


def _neighbours(path: Path) -> list[str]:
    try:
        return [p.name for p in path.parent.iterdir() if p.suffix in (".yaml", ".yml", ".json")]
    except OSError:
        return []


def read_workflow(path: Path, limits: Limits = limits_module.DEFAULT) -> Workflow:
    """Read a document from a file. Raises WorkflowError with everything that is wrong."""
    return parse_workflow(read_text(path, limits), str(path), limits)


def parse_workflow(
    text: str, source: str | None = None, limits: Limits = limits_module.DEFAULT
) -> Workflow:
    """Read a document from its text. Raises WorkflowError with everything that is wrong."""
    return read_parsed(parse(text, source, limits), source, limits)


def read_parsed(parsed: Parsed, source: str | None, limits: Limits) -> Workflow:
    """A document out of parsed text. Raises WorkflowError with everything that is wrong."""
    return _Reader(parsed, source, limits).workflow()


def reference(value: JsonValue) -> InputValue:
    """`$node`, `$node.output` and `$$text` as they are meant; anything else unchanged."""
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value.startswith("$$"):
        return value[1:]
    node, dot, output = value[1:].partition(".")
    return Reference(node, output if dot else None)


class _Reader:
    def __init__(self, parsed: Parsed, source: str | None, limits: Limits) -> None:
        self.parsed, self.source, self.limits = parsed, source, limits
        self.problems: list[Problem] = []

    def place(self, *path: str | int) -> Position | None:
        return self.parsed.places.get(path)

    def report(
        self, message: str, *path: str | int, code: ProblemCode = ProblemCode.SCHEMA,
        node: str | None = None, input: str | None = None, expected: str | None = None,
        close: tuple[str, ...] = (), hint: str | None = None,
    ) -> None:  # fmt: skip
        self.problems.append(
            Problem(
                code, message, self.source, self.place(*path), node, input, expected, close, hint
            )
        )

    def section(self, data: dict[str, JsonValue], name: str) -> dict[str, JsonValue]:
        value = data.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.report(f"'{name}' must be a mapping", name, expected="name: value lines")
            return {}
        return value

    def workflow(self) -> Workflow:
        data = self.parsed.data
        if not isinstance(data, dict):
            expected = "a mapping with the key 'nodes'"
            raise fail(
                ProblemCode.SCHEMA, "this is no workflow", self.source, Position(1, 1), expected
            )
        version = data.get("nodeflow", FORMAT)
        if version != FORMAT:
            self.report(
                f"format {version!r} is not known", "nodeflow", expected=f"nodeflow: {FORMAT}"
            )
        for key in data:
            if key not in SECTIONS:
                self.report(f"'{key}' is no section", key, close=nearest(key, SECTIONS))
        entries = self.section(data, "nodes")
        if not entries:
            self.report("there are no nodes", "nodes", expected="a mapping of nodes")
        if len(entries) > self.limits.nodes:
            message = f"{len(entries):,} nodes are too many"
            expected = f"at most {self.limits.nodes:,}"
            self.report(message, "nodes", code=ProblemCode.LIMIT, expected=expected)
            raise WorkflowError(self.problems)
        nodes = {
            name: entry
            for name, value in entries.items()
            if (entry := self.node(name, value)) is not None
        }
        inputs = {
            name: found
            for name, value in self.section(data, "inputs").items()
            if (found := self.input(name, value, nodes)) is not None
        }
        requires = {k: str(v) for k, v in self.section(data, "requires").items()}
        workflow = Workflow(
            nodes=nodes,
            name=self.text(data, "name"),
            description=self.text(data, "description"),
            inputs=inputs,
            requires=requires,
            layout=self.section(data, "layout"),
            source=self.source,
        )
        if self.problems:
            raise WorkflowError(self.problems)
        return workflow

    def text(self, data: dict[str, JsonValue], name: str) -> str | None:
        value = data.get(name)
        if value is not None and not isinstance(value, str):
            self.report(f"'{name}' must be text", name)
            return None
        return value

    def node(self, name: str, value: JsonValue) -> NodeEntry | None:
        if not name or any(c in name for c in ". $\t\n"):
            self.report(
                "a node's name holds no dot, no $ and no white space", "nodes", name, node=name
            )
            return None
        if not isinstance(value, dict):
            expected = "{node: Type, input: value, …}"
            self.report("a node must be a mapping", "nodes", name, node=name, expected=expected)
            return None
        kind = value.get("node")
        if not isinstance(kind, str):
            self.report(
                "the key 'node' with the type's id is missing", "nodes", name, node=name,
                code=ProblemCode.MISSING_INPUT, expected="node: SomeType",
                close=nearest("node", value),
            )  # fmt: skip
            return None
        keys = [key for key in value if key not in ("node", "title")]
        title = value.get("title")
        positions = {key: at for key in keys if (at := self.place("nodes", name, key))}
        return NodeEntry(
            name=name,
            type=kind,
            inputs={key: reference(value[key]) for key in keys},
            position=self.place("nodes", name),
            positions=positions,
            title=title if isinstance(title, str) else None,
        )

    def input(
        self, name: str, value: JsonValue, nodes: dict[str, NodeEntry]
    ) -> WorkflowInput | None:
        target = reference(value)
        if not isinstance(target, Reference) or not isinstance(target.output, str):
            self.report(f"the input '{name}' names no node's input", "inputs", name,
                        expected="$node.input")  # fmt: skip
            return None
        if target.node not in nodes:
            self.report(
                f"the input '{name}' names the node '{target.node}', which is not there",
                "inputs", name, code=ProblemCode.UNKNOWN_REFERENCE,
                close=nearest(target.node, nodes),
            )  # fmt: skip
            return None
        return WorkflowInput(name, target.node, target.output, self.place("inputs", name))
