"""Choosing and passing on: switches and reroutes."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from nodeflow.node import node

T = TypeVar("T")


def chosen(values: Mapping[str, object]) -> Iterable[str]:
    """The branch that a switch takes."""
    return ("on_true",) if values["switch"] else ("on_false",)


@node(
    "ComfySwitchNode",
    category="logic",
    display_name="Switch",
    store=False,
    lazy=("on_false", "on_true"),
    needs=chosen,
)
def switch(switch: bool, on_false: T | None = None, on_true: T | None = None) -> T | None:
    """One of two values; what leads only to the other is not computed.

    Args:
        switch: which one.
        on_false: the value where it is false.
        on_true: the value where it is true.
    """
    return on_true if switch else on_false


@node("Reroute", category="utils", store=False)
def reroute(value: T) -> T:
    """A value, passed on: a bend in a link.

    Args:
        value: any value.
    """
    return value
