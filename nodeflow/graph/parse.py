"""Text of YAML or JSON to plain values, with the place of every mapping entry."""

import json
from dataclasses import dataclass, field

import yaml

from nodeflow.graph.document import JsonValue
from nodeflow.graph.limits import Limits
from nodeflow.graph.problem import Position, Problem, ProblemCode, WorkflowError

Path = tuple[str | int, ...]

PLAIN_COLLECTIONS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Parsed:
    """The values, and where each one stands: keys of a mapping and items of a list by path."""

    data: JsonValue
    places: dict[Path, Position] = field(default_factory=dict)


def fail(
    code: ProblemCode, message: str, source: str | None, place: Position | None = None,
    expected: str | None = None,
) -> WorkflowError:  # fmt: skip
    """The one problem that ends reading."""
    return WorkflowError([Problem(code, message, source, place, expected=expected)])


class _Builder:
    """Composed YAML to values, once `measure` has found that aliases expand to few enough."""

    def __init__(self, source: str | None, limits: Limits) -> None:
        self.source, self.limits = source, limits
        self.places: dict[Path, Position] = {}
        self.sizes: dict[int, int] = {}
        self.constructor = yaml.constructor.SafeConstructor()

    def refuse(self, code: ProblemCode, message: str, node: yaml.Node) -> WorkflowError:
        return fail(code, message, self.source, position(node))

    def measure(self, node: yaml.Node) -> int:
        """How many values a node expands to; each node of the text is looked at once."""
        known = self.sizes.get(id(node))
        if known is not None:
            return known
        self.sizes[id(node)] = 0  # while it is measured: it may hold itself
        size = 1
        if isinstance(node, yaml.MappingNode):
            size += sum(self.measure(value) for _, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            size += sum(map(self.measure, node.value))
        if size > self.limits.values:
            message = f"more than {self.limits.values:,} values, aliases expanded"
            raise self.refuse(ProblemCode.LIMIT, message, node)
        self.sizes[id(node)] = size
        return size

    def build(self, node: yaml.Node, path: Path) -> JsonValue:
        if len(path) > self.limits.depth:
            raise self.refuse(ProblemCode.LIMIT, f"nested over {self.limits.depth} deep", node)
        self.places.setdefault(path, position(node))
        if isinstance(node, yaml.CollectionNode) and node.tag not in PLAIN_COLLECTIONS:
            raise self.refuse(ProblemCode.SYNTAX, f"the tag {node.tag} has no meaning here", node)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
        return self.scalar(node)

    def mapping(self, node: yaml.MappingNode, path: Path) -> JsonValue:
        values: dict[str, JsonValue] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.refuse(ProblemCode.SYNTAX, "a key must be text", key_node)
            key = key_node.value
            if key in values:
                raise self.refuse(ProblemCode.SYNTAX, f"'{key}' stands here twice", key_node)
            self.places[(*path, key)] = position(key_node)
            values[key] = self.build(value_node, (*path, key))
        return values

    def scalar(self, node: yaml.Node) -> JsonValue:
        if node.tag in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:binary"):
            return str(node.value)
        if not node.tag.startswith("tag:yaml.org,2002:"):
            raise self.refuse(ProblemCode.SYNTAX, f"the tag {node.tag} has no meaning here", node)
        try:
            value = self.constructor.construct_object(node)
        except (ValueError, yaml.YAMLError) as error:
            raise self.refuse(ProblemCode.SYNTAX, str(error), node) from None
        if value is None or isinstance(value, bool | int | float | str):
            return value
        return str(node.value)


def position(node: yaml.Node) -> Position:
    """Where a YAML node starts."""
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


def check_depth(text: str, source: str | None, limits: Limits) -> None:
    """Refuse deep nesting by its events: libyaml's composer recurses until the stack is gone."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > limits.depth:
                mark = event.start_mark
                place = Position(mark.line + 1, mark.column + 1) if mark else None
                message = f"nested over {limits.depth} deep"
                raise fail(ProblemCode.LIMIT, message, source, place)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def parse_yaml(text: str, source: str | None, limits: Limits) -> Parsed:
    """Raises WorkflowError with the place of what is no YAML or exceeds the limits."""
    try:
        check_depth(text, source, limits)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Position(mark.line + 1, mark.column + 1) if mark else None
        message = f"not valid YAML: {error.problem or error.context or error}"
        raise fail(ProblemCode.SYNTAX, message, source, place) from None
    except yaml.YAMLError as error:
        raise fail(ProblemCode.SYNTAX, f"not valid YAML: {error}", source) from None
    except RecursionError:
        raise fail(ProblemCode.LIMIT, f"nested over {limits.depth} deep", source) from None
    if root is None:
        return Parsed(None)
    builder = _Builder(source, limits)
    try:
        builder.measure(root)
        data = builder.build(root, ())
    except RecursionError:
        raise fail(ProblemCode.LIMIT, f"nested over {limits.depth} deep", source) from None
    return Parsed(data, builder.places)


def parse_json(text: str, source: str | None, limits: Limits) -> Parsed:
    """JSON; the places of its values come from reading it once more as YAML, where it is."""

    def pairs(items: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        found = dict(items)
        if len(found) < len(items):
            keys = [key for key, _ in items]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise fail(ProblemCode.SYNTAX, f"'{twice}' stands twice in one object", source)
        return found

    try:
        data = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        place = Position(error.lineno, error.colno)
        raise fail(ProblemCode.SYNTAX, f"not valid JSON: {error.msg}", source, place) from None
    except RecursionError:
        raise fail(ProblemCode.LIMIT, f"nested over {limits.depth} deep", source) from None
    try:
        return Parsed(data, parse_yaml(text.replace("\t", " "), source, limits).places)
    except WorkflowError as error:
        if any(problem.code is ProblemCode.LIMIT for problem in error.problems):
            raise
        return Parsed(data)


def parse(text: str, source: str | None, limits: Limits) -> Parsed:
    """YAML or JSON, by the first character."""
    if len(text) > limits.bytes:
        raise too_large(len(text), source, limits)
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        try:
            return parse_json(text.lstrip("\ufeff"), source, limits)
        except WorkflowError as error:
            if source is not None and source.endswith(".json"):
                raise
            try:
                return parse_yaml(text, source, limits)
            except WorkflowError:
                raise error from None
    return parse_yaml(text, source, limits)


def too_large(size: int, source: str | None, limits: Limits) -> WorkflowError:
    """The problem of a file over the limit."""
    return fail(
        ProblemCode.LIMIT,
        f"{size / 1e6:.0f} MB is too large for a workflow",
        source,
        expected=f"at most {limits.bytes / 1e6:.0f} MB",
    )
