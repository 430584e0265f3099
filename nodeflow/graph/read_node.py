"""Reading the `nodes` of a workflow or a subgraph: type, inputs, mode, loop."""

from collections.abc import Mapping

from nodeflow.graph.document import (
    InputValue,
    JsonValue,
    Loop,
    Mode,
    NodeEntry,
    Reference,
)
from nodeflow.graph.nearest import nearest
from nodeflow.graph.parse import Path
from nodeflow.graph.problem import Position, ProblemCode
from nodeflow.graph.reading import Reading

NODE_KEYS = ("node", "title", "bypass", "mute", "loop", "inputs")
"""What is no input beside a node's inputs; an input of such a name stands under `inputs`."""
LOOP_KEYS = ("each", "times", "carry", "index")


def reference(value: JsonValue) -> InputValue:
    """`$node`, `$node.output` and `$$text` as they are meant; anything else unchanged."""
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value.startswith("$$"):
        return value[1:]
    node, dot, output = value[1:].partition(".")
    return Reference(node, output if dot else None)


def read_nodes(
    reading: Reading, entries: Mapping[str, JsonValue], path: Path
) -> dict[str, NodeEntry]:
    """The nodes that can be read; what is wrong with the others is reported."""
    nodes = {}
    for name, value in entries.items():
        entry = read_node(reading, name, value, (*path, name))
        if entry is not None:
            nodes[name] = entry
    return nodes


def read_node(reading: Reading, name: str, value: JsonValue, path: Path) -> NodeEntry | None:
    """One node, or None where it cannot be read."""
    if not name or any(c in name for c in ".$ \t\n"):
        message = "a node's name holds no dot, no $ and no white space"
        reading.report(message, path, node=name)
        return None
    if not isinstance(value, dict):
        expected = "{node: Type, input: value, …}"
        reading.report("a node must be a mapping", path, node=name, expected=expected)
        return None
    kind = value.get("node")
    if not isinstance(kind, str):
        reading.report(
            "the key 'node' with the type's id is missing", path, node=name,
            code=ProblemCode.MISSING_INPUT, expected="node: SomeType",
            close=nearest("node", value),
        )  # fmt: skip
        return None
    inputs: dict[str, InputValue] = {}
    positions: dict[str, Position] = {}
    given = value.get("inputs", {})
    if not isinstance(given, dict):
        expected = "a mapping of inputs whose names mean something else beside them"
        reading.report(
            "'inputs' must be a mapping", (*path, "inputs"), node=name, expected=expected
        )
        given = {}
    plain = {key: item for key, item in value.items() if key not in NODE_KEYS}
    for items, below in ((plain, path), (given, (*path, "inputs"))):
        for key, item in items.items():
            inputs[key] = reference(item)
            place = reading.place((*below, key))
            if place is not None:
                positions[key] = place
    loop = read_loop(reading, value["loop"], (*path, "loop"), name) if "loop" in value else None
    for key in loop.each if loop is not None else ():
        place = reading.place((*path, "loop", "each", key))
        if place is not None:
            positions[key] = place
    title = value.get("title")
    return NodeEntry(
        name=name,
        type=kind,
        inputs=inputs,
        position=reading.place(path),
        positions=positions,
        title=title if isinstance(title, str) else None,
        mode=read_mode(reading, value, path, name),
        loop=loop,
    )


def read_mode(reading: Reading, value: Mapping[str, JsonValue], path: Path, name: str) -> Mode:
    """`bypass: true` or `mute: true`."""
    found: list[Mode] = []
    modes: tuple[Mode, ...] = ("mute", "bypass")
    for mode in modes:
        flag = value.get(mode, False)
        if not isinstance(flag, bool):
            reading.report(
                f"'{mode}' must be true or false", (*path, mode), node=name,
                hint=f"an input of that name stands under 'inputs': inputs: {{{mode}: …}}",
            )  # fmt: skip
        elif flag:
            found.append(mode)
    return found[0] if found else "on"


def read_loop(reading: Reading, value: JsonValue, path: Path, name: str) -> Loop | None:
    """The `loop` of a node."""
    if not isinstance(value, dict):
        expected = "{each: {input: [items]}} or {times: 4, carry: {input: output}}"
        reading.report("'loop' must be a mapping", path, node=name, expected=expected)
        return None
    for key in value:
        if key not in LOOP_KEYS:
            reading.report(
                f"a loop has no '{key}'", (*path, key), node=name,
                expected=" | ".join(LOOP_KEYS), close=nearest(key, LOOP_KEYS),
            )  # fmt: skip
    each: dict[str, Reference | tuple[InputValue, ...]] = {}
    for key, items in _mapping(reading, value, "each", path, name).items():
        source = reference(items)
        if isinstance(source, Reference):
            each[key] = source
        elif isinstance(items, list):
            each[key] = tuple(reference(item) for item in items)
        else:
            reading.report(
                f"'{key}' must take a list", (*path, "each", key), node=name, input=key,
                expected="a list, or a reference to one",
            )  # fmt: skip
    carry: dict[str, str] = {}
    for key, output in _mapping(reading, value, "carry", path, name).items():
        if isinstance(output, str):
            carry[key] = output
        else:
            reading.report(
                "what is carried over is named by an output", (*path, "carry", key), node=name,
                input=key, expected="input: output",
            )  # fmt: skip
    times = reference(value.get("times"))
    if not (times is None or isinstance(times, Reference) or reading.limits.allow_rounds(times)):
        reading.report(
            f"{times!r} times is not possible", (*path, "times"), node=name,
            expected=reading.limits.possible_rounds,
        )  # fmt: skip
        times = 1
    if bool(each) == (times is not None):
        reading.report(
            "a loop goes over lists or a number of times", path, node=name,
            expected="each: {input: [items]} or times: 4, and not both",
        )  # fmt: skip
        return None
    index = value.get("index")
    if index is not None and not isinstance(index, str):
        reading.report("'index' names an input", (*path, "index"), node=name)
        index = None
    return Loop(each, times, carry, index, reading.place(path))


def _mapping(
    reading: Reading, value: Mapping[str, JsonValue], key: str, path: Path, name: str
) -> Mapping[str, JsonValue]:
    found = value.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        reading.report(f"'{key}' must be a mapping", (*path, key), node=name)
        return {}
    return found
