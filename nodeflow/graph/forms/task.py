"""A node that is still to be resolved, in the scope it stands in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nodeflow.graph.document import INPUTS, InputValue, Loop, NodeEntry, Reference
from nodeflow.graph.forms.flat import FlatValue, Items, references
from nodeflow.graph.problem import Position


def scoped(value: InputValue, scope: str) -> InputValue:
    """A reference as it is named from outside of its subgraph."""
    if not isinstance(value, Reference) or not scope:
        return value
    return Reference(f"{scope}:{value.node}", value.output)


def inputs_of(scope: str) -> str:
    """The name under which a subgraph's inputs are known."""
    return f"{scope}:{INPUTS}"


@dataclass(frozen=True, slots=True)
class Task:
    """`each`: the lists of its loop, in order; `times`: its number of rounds."""

    name: str
    type: str
    inputs: Mapping[str, FlatValue]
    position: Position | None = None
    positions: Mapping[str, Position] = field(default_factory=dict)
    title: str | None = None
    loop: Loop | None = None
    each: Mapping[str, FlatValue] = field(default_factory=dict)
    times: FlatValue = None

    @classmethod
    def of(cls, entry: NodeEntry, scope: str) -> "Task":
        """A node as it stands in a scope."""
        each: dict[str, FlatValue] = {}
        for key, items in entry.loop.each.items() if entry.loop is not None else ():
            if isinstance(items, Reference):
                each[key] = scoped(items, scope)
            else:
                each[key] = Items(tuple(scoped(item, scope) for item in items))
        return cls(
            name=f"{scope}:{entry.name}" if scope else entry.name,
            type=entry.type,
            inputs={key: scoped(value, scope) for key, value in entry.inputs.items()},
            position=entry.position,
            positions=entry.positions,
            title=entry.title,
            loop=entry.loop,
            each=each,
            times=None if entry.loop is None else scoped(entry.loop.times, scope),
        )

    def round(self, number: int, inputs: Mapping[str, FlatValue]) -> "Task":
        """The same, once, with other inputs."""
        return replace(
            self, name=f"{self.name}:{number}", inputs=inputs, loop=None, each={}, times=None
        )

    def needs(self) -> list[Reference]:
        """All references it takes values from."""
        values = (*self.inputs.values(), *self.each.values(), self.times)
        return [found for value in values for found in references(value)]
