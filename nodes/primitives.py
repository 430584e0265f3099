"""Plain values as nodes, so that several inputs can share one."""

from typing import Annotated

from nodeflow.node import Artifacts, Multiline, Range, node

LARGEST = 2**63 - 1


@node("PrimitiveInt", category="utils/primitive", display_name="Int", store=False)
def primitive_int(value: Annotated[int, Range(-LARGEST, LARGEST)] = 0) -> int:
    """A whole number.

    Args:
        value: the number.
    """
    return value


@node("PrimitiveFloat", category="utils/primitive", display_name="Float", store=False)
def primitive_float(value: float = 0.0) -> float:
    """A number.

    Args:
        value: the number.
    """
    return value


@node("PrimitiveString", category="utils/primitive", display_name="String", store=False)
def primitive_string(value: str = "") -> str:
    """A line of text.

    Args:
        value: the text.
    """
    return value


@node(
    "PrimitiveStringMultiline",
    category="utils/primitive",
    display_name="String (Multiline)",
    store=False,
)
def primitive_string_multiline(value: Annotated[str, Multiline()] = "") -> str:
    """Text of several lines.

    Args:
        value: the text.
    """
    return value


@node("PrimitiveBoolean", category="utils/primitive", display_name="Boolean", store=False)
def primitive_boolean(value: bool = False) -> bool:
    """True or false.

    Args:
        value: which.
    """
    return value


@node("StringConcatenate", category="utils/string", display_name="Concatenate", store=False)
def string_concatenate(
    string_a: Annotated[str, Multiline()],
    string_b: Annotated[str, Multiline()],
    delimiter: str = "",
) -> str:
    """Two texts as one.

    Args:
        string_a: the first.
        string_b: the second.
        delimiter: what stands between them.
    """
    return delimiter.join((string_a, string_b))


@node("PreviewAny", category="utils", display_name="Preview Any", output=True)
def preview_any(source: object) -> Artifacts:
    """Show a value as text.

    Args:
        source: any value.
    """
    return Artifacts(text=(str(source),))
