"""From a function's signature to a description, and what may be linked to what."""

import math
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

import pytest

from nodeflow.node import Colour, Folders, Multiline, Name, PortType, Range, RunContext, node
from nodeflow.node.declare import DeclarationError, read_spec
from nodeflow.node.describe import node_data
from nodeflow.node.port import (
    ANY,
    BOOLEAN,
    COMBO,
    FLOAT,
    INT,
    STRING,
    Choices,
    ListType,
    Refusal,
    UnionType,
    accepts,
    read_literal,
)
from nodeflow.node.spec import REQUIRED, Plugin
from nodeflow.values import Image, Latent, Mask

PLUGIN = Plugin("test", "test.py", "digest")
IMAGE, MASK = PortType("IMAGE"), PortType("MASK")


class Split(NamedTuple):
    IMAGE: Image
    size: int


class Mode(StrEnum):
    SOFT = "soft"
    HARD = "hard"


@node("Everything", category="test", version=3)
def everything(
    image: Image,
    context: RunContext,
    mask: Mask | None = None,
    count: Annotated[int, Range(1, 9)] = 2,
    text: Annotated[str, Multiline()] = "x",
    mode: Mode = Mode.SOFT,
    kind: Literal["a", "b"] = "b",
    odd: Annotated[float, Name("odd.name")] = 0.5,
    flag: bool = False,
) -> Split:
    """What it does.

    More about it.

    Args:
        image: the picture
            goes on here.
        count: how many.
    """
    return Split(image, count)


def test_a_signature_is_the_whole_description() -> None:
    spec = read_spec(everything, PLUGIN)
    ports = {port.name: port for port in spec.inputs}
    assert list(ports) == [
        "image", "mask", "count", "text", "mode", "kind", "odd.name", "flag",
    ]  # fmt: skip
    assert spec.context == "context" and spec.declaration.version == 3
    assert ports["image"].type.name == "IMAGE" and ports["image"].default is REQUIRED  # type: ignore[union-attr]
    assert ports["mask"].optional and ports["mask"].default is None
    assert ports["count"].type == INT and ports["count"].constraint(Range) == Range(1, 9)
    assert ports["mode"].type == COMBO
    assert ports["mode"].constraint(Choices).values == ("soft", "hard")
    assert ports["odd.name"].parameter == "odd" and ports["flag"].type == BOOLEAN
    assert [(o.name, o.type.name) for o in spec.outputs] == [("IMAGE", "IMAGE"), ("size", "INT")]  # type: ignore[union-attr]
    assert spec.description == "What it does.\n\nMore about it."
    assert ports["image"].description == "the picture goes on here."
    assert everything.__name__ == "everything"


def test_what_cannot_be_read_is_named() -> None:
    @node("Bad", category="test")
    def bad(x: set[int]) -> int:
        """No such port."""
        return 0

    with pytest.raises(DeclarationError, match="node 'Bad', parameter 'x'"):
        read_spec(bad, PLUGIN)

    @node("Untyped", category="test")
    def untyped(x) -> int:  # type: ignore[no-untyped-def]
        """No type."""
        return 0

    with pytest.raises(DeclarationError, match="has no type"):
        read_spec(untyped, PLUGIN)


def test_links() -> None:
    assert accepts(IMAGE, IMAGE) and not accepts(IMAGE, MASK)
    assert accepts(FLOAT, INT) and not accepts(INT, FLOAT)
    assert accepts(ANY, MASK) and accepts(MASK, ANY)
    either = UnionType((IMAGE, MASK))
    assert accepts(either, MASK) and not accepts(MASK, either) and accepts(either, either)
    assert accepts(ListType(IMAGE), ListType(IMAGE)) and not accepts(ListType(IMAGE), IMAGE)
    assert not accepts(IMAGE, ListType(IMAGE))


@pytest.mark.parametrize(
    ("type_", "value", "wanted"),
    [
        (INT, 5, 5), (INT, "5", 5), (INT, 5.0, 5), (FLOAT, 2, 2.0), (FLOAT, "2.5", 2.5),
        (STRING, "x", "x"), (STRING, 7, "7"), (BOOLEAN, True, True), (BOOLEAN, "false", False),
        (BOOLEAN, 1, True), (COMBO, "a", "a"),
    ],
)  # fmt: skip
def test_literals_that_fit(type_: PortType, value: object, wanted: object) -> None:
    read = read_literal(type_, value, (Choices(("a", "b")),))
    assert read == wanted and type(read) is type(wanted)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (INT, 5.5), (INT, True), (INT, "five"), (INT, 10), (INT, None), (FLOAT, math.nan),
        (FLOAT, math.inf), (FLOAT, "1e999"), (FLOAT, True), (FLOAT, 10.5), (FLOAT, 10**400),
        (STRING, [1]), (STRING, True), (BOOLEAN, "no"), (BOOLEAN, 2), (COMBO, "c"),
        (IMAGE, 5), (IMAGE, "x"),
    ],
)  # fmt: skip
def test_literals_that_do_not(type_: PortType, value: object) -> None:
    read = read_literal(type_, value, (Range(1, 9), Choices(("a", "b"))))
    assert isinstance(read, Refusal) and read.message and read.expected


def test_port_types_name_no_torch() -> None:
    @node("Typed", category="test")
    def typed(latent: Latent) -> Latent:
        """A latent."""
        return latent

    spec = read_spec(typed, PLUGIN)
    assert spec.inputs[0].type.name == "LATENT"  # type: ignore[union-attr]


def test_a_colour_is_declared_told_and_checked() -> None:
    @node("Tinted", category="test")
    def tinted(
        flat: Annotated[int, Range(0, 0xFFFFFF), Colour()] = 0,
        edge: Annotated[str, Colour()] = "#ffffff",
        amount: int = 1,
    ) -> int:
        """A colour of each kind."""
        return 0

    spec = read_spec(tinted, PLUGIN)
    told = node_data(spec, Folders())["inputs"]
    assert [port["colour"] for port in told] == [True, True, False]
    edge = spec.inputs[1]
    assert read_literal(edge.type, "#12aBef", edge.constraints) == "#12aBef"
    for wrong in ("red", "#123", "#12345g", "#1234567", 7):
        refusal = read_literal(edge.type, wrong, edge.constraints)
        assert isinstance(refusal, Refusal) and refusal.expected == "a colour as '#rrggbb'"
