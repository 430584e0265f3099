"""Names that stand for other values: subgraphs' borders, reroutes, bypassed and muted nodes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nodeflow.graph.document import Reference
from nodeflow.graph.forms.flat import FlatValue, Items
from nodeflow.graph.forms.signature import pick
from nodeflow.graph.problem import Position


@dataclass(frozen=True, slots=True)
class Gone:
    """In place of a value: there is none, and why. `wrong`: a mistake wherever it is used, and
    not a link that is simply not there. `reported`: a problem that is reported already."""

    reason: str
    wrong: bool = False
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Alias:
    """What the outputs of a name stand for. `positions`: where a person wrote each of them.
    `rest` stands for every output that is not named."""

    outputs: Mapping[str, "FlatValue | Gone"]
    positions: Mapping[str, Position] = field(default_factory=dict)
    rest: "FlatValue | Gone | None" = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """A value with every alias followed, and the place where a person wrote it, if elsewhere."""

    value: "FlatValue | Gone"
    position: Position | None = None


class Aliases:
    """All aliases; following them is linear, whatever their chains look like."""

    def __init__(self) -> None:
        self.named: dict[str, Alias] = {}
        self.short: dict[Reference, Resolved] = {}

    def follow(self, reference: Reference) -> Resolved:
        """To a plain node's output, a literal, a list or nothing."""
        passed: list[Reference] = []
        seen: set[Reference] = set()
        current, position = reference, None
        while True:
            known = self.short.get(current)
            if known is not None:
                value, place = known.value, known.position
            else:
                alias = self.named.get(current.node)
                if alias is None:
                    found = Resolved(current, position)
                    break
                value, place = self.step(alias, current)
            position = place or position
            if not isinstance(value, Reference):
                found = Resolved(value, position)
                break
            if current in seen:
                message = f"'{current.node}' only leads back to itself"
                found = Resolved(Gone(message, wrong=True), position)
                break
            seen.add(current)
            passed.append(current)
            current = value
        for name in passed:
            self.short[name] = found
        return found

    @staticmethod
    def step(alias: Alias, reference: Reference) -> tuple["FlatValue | Gone", Position | None]:
        """One alias further."""
        name = pick(list(alias.outputs), reference.output)
        if name is not None:
            return alias.outputs[name], alias.positions.get(name)
        if alias.rest is not None:
            return alias.rest, None
        names = " | ".join(alias.outputs) or "none"
        what = (
            f"no output '{reference.output}'" if reference.output is not None else "several outputs"
        )
        if not alias.outputs:
            what = "no outputs"
        return Gone(f"'{reference.node}' has {what} (outputs: {names})", wrong=True), None

    def resolve(self, value: "FlatValue | Gone") -> Resolved:
        """A value with all references in it followed; lists in lists become one list."""
        if isinstance(value, Reference):
            found = self.follow(value)
            if not isinstance(found.value, Items):
                return found
            return Resolved(self.items(found.value), found.position)
        return Resolved(self.items(value)) if isinstance(value, Items) else Resolved(value)

    def items(self, items: Items) -> Items:
        """A list with its references followed. What is gone is left out."""
        values: list[FlatValue] = []
        stack: list[FlatValue | Gone] = list(reversed(items.values))
        while stack:
            value = stack.pop()
            if isinstance(value, Reference):
                value = self.follow(value).value
            if isinstance(value, Items):
                stack.extend(reversed(value.values))
            elif not isinstance(value, Gone):
                values.append(value)
        return Items(tuple(values))
