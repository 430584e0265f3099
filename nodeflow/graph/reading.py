"""What the parts of a reader share: the parsed text, its places, and the problems found so far."""

from dataclasses import dataclass, field

from nodeflow.graph.document import JsonValue
from nodeflow.graph.limits import Limits
from nodeflow.graph.parse import Parsed, Path
from nodeflow.graph.problem import Position, Problem, ProblemCode


@dataclass
class Reading:
    """One document being read."""

    parsed: Parsed
    source: str | None
    limits: Limits
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: Path) -> Position | None:
        """Where a value stands in the text."""
        return self.parsed.places.get(path)

    def report(
        self, message: str, path: Path, code: ProblemCode = ProblemCode.SCHEMA,
        node: str | None = None, input: str | None = None, expected: str | None = None,
        close: tuple[str, ...] = (), hint: str | None = None,
    ) -> None:  # fmt: skip
        """Note a problem; reading goes on."""
        place = self.place(path)
        self.problems.append(
            Problem(code, message, self.source, place, node, input, expected, close, hint)
        )

    def mapping(
        self, data: dict[str, JsonValue], name: str, path: Path = ()
    ) -> dict[str, JsonValue]:
        """A section that must be a mapping; an absent one is empty."""
        value = data.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.report(f"'{name}' must be a mapping", (*path, name), expected="name: value lines")
            return {}
        return value

    def text(self, data: dict[str, JsonValue], name: str, path: Path = ()) -> str | None:
        """A text, or None where there is none."""
        value = data.get(name)
        if value is not None and not isinstance(value, str):
            self.report(f"'{name}' must be text", (*path, name))
            return None
        return value
