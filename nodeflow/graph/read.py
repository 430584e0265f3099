"""Reading a workflow document: all problems at once, with their places."""

from pathlib import Path

from nodeflow.graph import limits as limits_module
from nodeflow.graph.document import JsonValue, NodeEntry, Reference, Workflow, WorkflowInput
from nodeflow.graph.limits import Limits
from nodeflow.graph.nearest import nearest
from nodeflow.graph.parse import Parsed, fail, parse, too_large
from nodeflow.graph.problem import Position, Problem, ProblemCode, WorkflowError
from nodeflow.graph.read_node import read_nodes, reference
from nodeflow.graph.read_subgraph import read_subgraph
from nodeflow.graph.reading import Reading

SECTIONS = (
    "nodeflow", "name", "description", "requires", "inputs", "nodes", "subgraphs", "layout",
)  # fmt: skip
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
    data = parsed.data
    if not isinstance(data, dict):
        expected = "a mapping with the key 'nodes'"
        raise fail(ProblemCode.SCHEMA, "this is no workflow", source, Position(1, 1), expected)
    reading = Reading(parsed, source, limits)
    version = data.get("nodeflow", FORMAT)
    if version != FORMAT:
        expected = f"nodeflow: {FORMAT}"
        reading.report(f"format {version!r} is not known", ("nodeflow",), expected=expected)
    for key in data:
        if key not in SECTIONS:
            reading.report(f"'{key}' is no section", (key,), close=nearest(key, SECTIONS))
    entries = reading.mapping(data, "nodes")
    if not entries:
        reading.report("there are no nodes", ("nodes",), expected="a mapping of nodes")
    refuse_too_many(reading, data)
    nodes = read_nodes(reading, entries, ("nodes",))
    workflow = Workflow(
        nodes=nodes,
        name=reading.text(data, "name"),
        description=reading.text(data, "description"),
        inputs={
            name: found
            for name, value in reading.mapping(data, "inputs").items()
            if (found := read_input(reading, name, value, nodes)) is not None
        },
        requires={k: str(v) for k, v in reading.mapping(data, "requires").items()},
        layout=reading.mapping(data, "layout"),
        source=source,
        subgraphs={
            name: found_graph
            for name, value in reading.mapping(data, "subgraphs").items()
            if (found_graph := read_subgraph(reading, name, value)) is not None
        },
    )
    if reading.problems:
        raise WorkflowError(reading.problems)
    return workflow


def refuse_too_many(reading: Reading, data: dict[str, JsonValue]) -> None:
    """Raise WorkflowError where the document has more nodes than the limit."""
    subgraphs = data.get("subgraphs")
    graphs = [data, *(subgraphs.values() if isinstance(subgraphs, dict) else ())]
    lists = [graph.get("nodes") for graph in graphs if isinstance(graph, dict)]
    count = sum(len(nodes) for nodes in lists if isinstance(nodes, dict))
    if count > reading.limits.nodes:
        expected = f"at most {reading.limits.nodes:,}"
        message = f"{count:,} nodes are too many"
        reading.report(message, ("nodes",), code=ProblemCode.LIMIT, expected=expected)
        raise WorkflowError(reading.problems)


def read_input(
    reading: Reading, name: str, value: JsonValue, nodes: dict[str, NodeEntry]
) -> WorkflowInput | None:
    """One of the workflow's exposed inputs, or None where it cannot be read."""
    path = ("inputs", name)
    target = reference(value)
    if not isinstance(target, Reference) or not isinstance(target.output, str):
        message = f"the input '{name}' names no node's input"
        reading.report(message, path, expected="$node.input")
        return None
    if target.node not in nodes:
        reading.report(
            f"the input '{name}' names the node '{target.node}', which is not there", path,
            code=ProblemCode.UNKNOWN_REFERENCE, close=nearest(target.node, nodes),
        )  # fmt: skip
        return None
    return WorkflowInput(name, target.node, target.output, reading.place(path))
