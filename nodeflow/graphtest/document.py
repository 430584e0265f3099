"""Reading a `*.test.yaml`: cases with inputs, mocks and expectations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nodeflow.graph.document import InputValue, JsonValue, NodeEntry
from nodeflow.graph.limits import DEFAULT
from nodeflow.graph.nearest import nearest
from nodeflow.graph.parse import Path as Place
from nodeflow.graph.parse import parse
from nodeflow.graph.problem import WorkflowError
from nodeflow.graph.read import read_text
from nodeflow.graph.read_node import read_node, reference
from nodeflow.graph.reading import Reading

SUFFIX = ".test.yaml"
KEYS = ("workflow", "cases")
CASE_KEYS = ("inputs", "set", "mock", "only", "expect")
EXPECTED = {
    "state": "ran, cached, failed or skipped",
    "count": "how many pictures there are",
    "size": "[width, height] of every picture",
    "like": "a picture beside the test, or a list of them, one for each",
    "psnr": "how alike they must be, in dB; without it they must be equal",
    "text": "the text shown, or a list of texts",
    "number": "the number shown",
    "between": "[least, most] for the number shown",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One test: what is changed in the workflow, what is run of it, what must come out.

    inputs: of the workflow, by name. settings: (node, input) to value. mocks: nodes in place of
    those of the same name. expect: by node, by kind of expectation.
    """

    name: str
    inputs: Mapping[str, InputValue] = field(default_factory=dict)
    settings: Mapping[tuple[str, str], InputValue] = field(default_factory=dict)
    mocks: Mapping[str, NodeEntry] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    expect: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GraphTests:
    """A file of cases and the workflow they are about."""

    path: Path
    workflow: Path
    cases: tuple[Case, ...]


def read_tests(path: Path) -> GraphTests:
    """Read a file. Raises WorkflowError with everything that is wrong."""
    reading = Reading(parse(read_text(path), str(path), DEFAULT), str(path), DEFAULT)
    data = reading.parsed.data
    if not isinstance(data, dict):
        reading.report("this is no test", (), expected="cases: {name: {inputs: …, expect: …}}")
        raise WorkflowError(reading.problems)
    unknown(reading, data, KEYS, ())
    named = reading.text(data, "workflow") or path.name.removesuffix(SUFFIX) + ".yaml"
    cases = reading.mapping(data, "cases")
    if not cases:
        reading.report("there are no cases", ("cases",), expected="name: {expect: …}")
    found = [read_case(reading, name, value) for name, value in cases.items()]
    if reading.problems:
        raise WorkflowError(reading.problems)
    return GraphTests(path, path.parent / named, tuple(found))


def unknown(
    reading: Reading, data: Mapping[str, JsonValue], known: tuple[str, ...], path: Place
) -> None:
    """Report keys that mean nothing."""
    for key in data:
        if key not in known:
            reading.report(
                f"'{key}' means nothing here", (*path, key), expected=" | ".join(known),
                close=nearest(key, known),
            )  # fmt: skip


def read_case(reading: Reading, name: str, value: JsonValue) -> Case:
    """One case."""
    path: Place = ("cases", name)
    if not isinstance(value, dict):
        reading.report(f"the case '{name}' must be a mapping", path)
        return Case(name)
    unknown(reading, value, CASE_KEYS, path)
    settings = {}
    for target, item in reading.mapping(value, "set", path).items():
        node, dot, port = target.rpartition(".")
        if not dot:
            reading.report("what is set is named node.input", (*path, "set", target))
        settings[node, port] = reference(item)
    mocks = {
        node: entry
        for node, item in reading.mapping(value, "mock", path).items()
        if (entry := read_node(reading, node, item, (*path, "mock", node))) is not None
    }
    only = value.get("only", [])
    names = only if isinstance(only, list) else [only]
    expect: dict[str, Mapping[str, JsonValue]] = {}
    for node, item in reading.mapping(value, "expect", path).items():
        if isinstance(item, dict):
            unknown(reading, item, tuple(EXPECTED), (*path, "expect", node))
            expect[node] = item
        else:
            reading.report("an expectation is a mapping", (*path, "expect", node))
    if not expect:
        reading.report(f"the case '{name}' expects nothing", path, expected="expect: {node: …}")
    inputs = {key: reference(v) for key, v in reading.mapping(value, "inputs", path).items()}
    return Case(name, inputs, settings, mocks, tuple(str(n) for n in names), expect)
