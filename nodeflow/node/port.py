"""Port types, what may be linked to what, and what a literal may be."""

import math
import re
from dataclasses import dataclass
from typing import TypeAlias

from nodeflow.graph.nearest import nearest

STRUCTURED = "nodeflow.values.structured"


@dataclass(frozen=True, slots=True)
class PortType:
    """A type of value on a link, by its wire name (`IMAGE`).

    `codec` names the module that stores such values, so that describing nodes imports
    nothing heavy. `colour` is the link's colour in an editor. `widget` and `preview` name
    JavaScript files in the plugin's folder that the editor runs in a sandbox: one edits a
    literal of the type (any JSON value), one shows what an output node made of such values.
    """

    name: str
    colour: str = "#9E9E9E"
    codec: str = STRUCTURED
    widget: str = ""
    preview: str = ""


INT = PortType("INT")
FLOAT = PortType("FLOAT")
STRING = PortType("STRING")
BOOLEAN = PortType("BOOLEAN")
COMBO = PortType("COMBO")
ANY = PortType("*")


@dataclass(frozen=True, slots=True)
class Generic:
    """Any type, the same wherever the name stands in one node: what a switch takes, it gives."""

    name: str


@dataclass(frozen=True, slots=True)
class UnionType:
    """One of several types."""

    members: tuple[PortType, ...]


@dataclass(frozen=True, slots=True)
class ListType:
    """A list of one type."""

    item: PortType | Generic


TypeExpression: TypeAlias = PortType | UnionType | ListType | Generic


def port_types(expression: TypeExpression) -> list[PortType]:
    """The plain types in an expression."""
    members = getattr(expression, "members", None) or [getattr(expression, "item", expression)]
    return [member for member in members if isinstance(member, PortType)]


def wire_name(expression: TypeExpression) -> str:
    """How the type is written for people and for ComfyUI's clients."""
    if isinstance(expression, UnionType):
        return ",".join(member.name for member in expression.members)
    if isinstance(expression, ListType):
        return f"list[{wire_name(expression.item)}]"
    return "*" if isinstance(expression, Generic) else expression.name


def named_type(name: str) -> TypeExpression:
    """The type that a wire name says: the other way round."""
    if name.startswith("list[") and name.endswith("]"):
        return ListType(PortType(name[5:-1]))
    if "," in name:
        return UnionType(tuple(PortType(part.strip()) for part in name.split(",")))
    return PortType(name)


def accepts(target: TypeExpression, source: TypeExpression) -> bool:
    """Whether an input of type `target` may be linked to an output of type `source`."""
    if "*" in (wire_name(target), wire_name(source)):
        return True
    if isinstance(source, UnionType):
        return all(accepts(target, member) for member in source.members)
    if isinstance(target, UnionType):
        return any(accepts(member, source) for member in target.members)
    if isinstance(target, ListType) or isinstance(source, ListType):
        return (
            isinstance(target, ListType)
            and isinstance(source, ListType)
            and accepts(target.item, source.item)
        )
    if target.name == source.name:
        return True
    return (target.name, source.name) in {("FLOAT", "INT"), ("COMBO", "STRING")}


@dataclass(frozen=True, slots=True)
class Range:
    """Limits of a number, inclusive; `step` is what an editor's arrows do."""

    min: float
    max: float
    step: float | None = None


@dataclass(frozen=True, slots=True)
class Multiline:
    """Text of several lines."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed: an editor offers to change it after each run."""


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour in sRGB, which an editor lets people pick.

    An INT is red * 65536 + green * 256 + blue, each 0 to 255 (it should have the `Range` 0 to
    0xFFFFFF); a STRING is `#rrggbb` in hexadecimal digits, and nothing else.
    """


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The name of a model file of a kind; its content, not its name, takes part in keys.

    besides: values that name no file, listed before the files.
    """

    kind: str
    besides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InputFile:
    """The name of a file in the input folder; its content takes part in keys."""


@dataclass(frozen=True, slots=True)
class Name:
    """An input's name where it is no Python identifier (`time_embed.`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The values a COMBO allows."""

    values: tuple[str, ...]


Constraint: TypeAlias = Range | Multiline | Seed | Colour | ModelFile | InputFile | Choices


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a literal does not fit."""

    message: str
    expected: str
    kind: str
    nearest: tuple[str, ...] = ()


def show(value: object) -> str:
    """A literal for a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def to_int(value: object) -> int | None:
    """An integer where the literal is one, or says one (`"20"`, `20.0`)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        try:
            return int(value.strip())
        except ValueError:
            return None
    return None


def to_float(value: object) -> float | None:
    """A finite number where the literal is one, or says one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def range_text(limits: Range | None, noun: str) -> str:
    """`a whole number from 1 to 10000`."""
    if limits is None:
        return noun
    low, high = (f"{n:g}" if abs(n) < 1e6 else f"{int(n)}" for n in (limits.min, limits.max))
    return f"{noun} from {low} to {high}"


def read_number(type_: PortType, value: object, limits: Range | None) -> "int | float | Refusal":
    """A literal as the number an INT or FLOAT input takes."""
    noun = "a whole number" if type_ == INT else "a finite number"
    expected = range_text(limits, noun)
    number = to_int(value) if type_ == INT else to_float(value)
    if number is None:
        return Refusal(f"{show(value)} is not {noun}", expected, "type")
    if limits is not None and not limits.min <= number <= limits.max:
        return Refusal(f"{show(value)} is out of range", expected, "range")
    return number


def read_text(value: object, constraints: tuple[Constraint, ...]) -> "str | Refusal":
    """A literal as the text a STRING input takes."""
    if Colour() in constraints:
        if isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            return value
        return Refusal(f"{show(value)} is not a colour", "a colour as '#rrggbb'", "type")
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return Refusal(f"{show(value)} is not text", "a text", "type")


def read_literal(
    type_: TypeExpression, value: object, constraints: tuple[Constraint, ...]
) -> object:
    """The value a node gets for a literal, or the `Refusal` that says why not."""
    if type_ in (INT, FLOAT):
        limits = next((c for c in constraints if isinstance(c, Range)), None)
        assert isinstance(type_, PortType)
        return read_number(type_, value, limits)
    if type_ == STRING:
        return read_text(value, constraints)
    if type_ == BOOLEAN:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        if isinstance(value, int | float) and value in (0, 1):
            return bool(value)
        return Refusal(f"{show(value)} is not true or false", "true or false", "type")
    if type_ == COMBO:
        choices = next((c.values for c in constraints if isinstance(c, Choices)), None)
        if choices is not None and value not in choices:
            close = nearest(str(value), choices)
            return Refusal(
                f"{show(value)} is not one of the choices", " | ".join(choices), "choice", close
            )
        return value
    if isinstance(type_, ListType):
        return read_list(type_, value, constraints)
    if wire_name(type_) == "*" or (isinstance(type_, PortType) and type_.widget):
        return value
    name = wire_name(type_)
    return Refusal(
        f"{show(value)} is a literal, but the input takes {name}", f"a link to a {name} output",
        "type",
    )  # fmt: skip


def read_list(
    type_: ListType, value: object, constraints: tuple[Constraint, ...]
) -> "list[object] | Refusal":
    """A literal list, or one literal as a list of one."""
    items = []
    for item in value if isinstance(value, list) else [value]:
        read = read_literal(type_.item, item, constraints)
        if isinstance(read, Refusal):
            return read
        items.append(read)
    return items
