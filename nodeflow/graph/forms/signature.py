"""What the forms must know of a node type: its ports, with types as text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

WIDGETS = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})
"""Types whose values people type; such an input is no slot of a node unless it is linked."""


def is_list(kind: str) -> bool:
    """`list[IMAGE]`."""
    return kind.startswith("list[")


def takes_whole(kind: str) -> bool:
    """Whether a port takes a list as one value: a list, anything, or a generic `$T`."""
    return is_list(kind) or kind == "*" or kind.startswith("$")


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs and outputs of a node type or a subgraph: name to type, in order.

    A type is a wire name (`IMAGE`), `list[IMAGE]`, `*` for anything, or `$T` where equal names
    stand for equal types.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]

    def output(self, wanted: str | int | None) -> str | None:
        """The name of an output as a reference means it, or None."""
        return pick(list(self.outputs), wanted)


Signatures: TypeAlias = Callable[[str], Signature | None]
"""A node type's signature by its id; None where the type is not known."""


def pick(names: list[str], wanted: str | int | None) -> str | None:
    """The output that a reference names: by name, in any case if only one fits, by number
    (also as text), or not at all where there is only one."""
    if wanted is None:
        return names[0] if len(names) == 1 else None
    if isinstance(wanted, int):
        return names[wanted] if 0 <= wanted < len(names) else None
    if wanted in names:
        return wanted
    if wanted.isdecimal() and int(wanted) < len(names):
        return names[int(wanted)]
    close = [name for name in names if name.lower() == wanted.lower()]
    return close[0] if len(close) == 1 else None
