"""What is wrong with a body or a query, out of msgspec's words and the type that was expected."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import MsgspecError, inspect

from nodeflow.graph.nearest import nearest
from nodeflow.server.http.fault import Fault

AT = re.compile(r" - at `(?:key` in `)?\$(?P<path>[^`]*)`$")
UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`$", re.DOTALL)
CHOICE = re.compile(r"Invalid enum value '?(?P<name>.*?)'?$", re.DOTALL)
STEP = re.compile(r"\.(?P<field>\w+)|\[(?:\d+|\.\.\.)\]")


def mistake(where: str, error: MsgspecError | RecursionError | UnicodeError, kind: Any) -> Fault:
    """The fault of a value that is no `kind`: what was expected, and the nearest of that.

    where: `the body` or `the query`.
    """
    text = str(error)
    at = AT.search(text)
    path = at["path"] if at else ""
    said = text[: at.start()] if at else text
    message, expected = said, None
    near: tuple[str, ...] = ()
    if unknown := UNKNOWN.match(said):
        name, known = unknown["name"], [f for k in found(kind, path) for f in fields(k)]
        message, path = f"there is no field '{name}'", f"{path}.{name}"
        expected, near = " | ".join(known), nearest(name[:100], known)
    elif choice := CHOICE.match(said):
        name, known = choice["name"], [v for k in found(kind, path) for v in choices(k)]
        message = f"'{name}' is no choice"
        expected, near = " | ".join(known), nearest(name[:100], known)
    input = path.removeprefix(".")
    place = f"{where}: {input}" if input and not unknown else where
    return Fault.about(400, "bad_request", f"{place}: {message}", input or None, expected, near)


def found(kind: Any, path: str) -> Iterator[inspect.Type]:
    """The types that a value may have at a path, as `.states[0]`."""
    level = [inspect.type_info(kind)]
    for step in STEP.finditer(path):
        level = [inner for each in level for inner in below(each, step["field"])]
    for each in level:
        yield from alternatives(each)


def alternatives(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """A type, or those that it is one of."""
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def below(kind: inspect.Type, field: str | None) -> Iterator[inspect.Type]:
    """The types of a struct's field, or of what a collection or mapping holds."""
    for each in alternatives(kind):
        if isinstance(each, inspect.StructType) and field is not None:
            yield from (f.type for f in each.fields if f.encode_name == field)
        elif isinstance(each, inspect.DictType):
            yield each.value_type
        elif isinstance(each, inspect.CollectionType):
            yield each.item_type


def fields(kind: inspect.Type) -> list[str]:
    """The names of a struct's fields."""
    return [f.encode_name for f in kind.fields] if isinstance(kind, inspect.StructType) else []


def choices(kind: inspect.Type) -> list[str]:
    """The values of a literal."""
    return [str(v) for v in kind.values] if isinstance(kind, inspect.LiteralType) else []
