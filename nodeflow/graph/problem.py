"""What can be wrong with a workflow, as data that every way in shows alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ProblemCode(StrEnum):
    """Stable identifiers of the causes, for programs; the message is for people."""

    SYNTAX = "syntax"
    LIMIT = "limit"
    SCHEMA = "schema"
    FILE = "file"
    UNKNOWN_NODE = "unknown_node"
    BLOCKED_NODE = "blocked_node"
    UNKNOWN_INPUT = "unknown_input"
    MISSING_INPUT = "missing_input"
    UNKNOWN_REFERENCE = "unknown_reference"
    UNKNOWN_OUTPUT = "unknown_output"
    TYPE_MISMATCH = "type_mismatch"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_CHOICE = "not_a_choice"
    MISSING_FILE = "missing_file"
    BAD_FILE = "bad_file"
    UNFITTING = "unfitting"
    NODE_FAULT = "node_fault"
    CYCLE = "cycle"
    NO_OUTPUT = "no_output"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text file; both numbers count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it is, what was expected and what would be valid."""

    code: ProblemCode
    message: str
    file: str | None = None
    position: Position | None = None
    node: str | None = None
    input: str | None = None
    expected: str | None = None
    nearest: tuple[str, ...] = ()
    hint: str | None = None

    @property
    def subject(self) -> str:
        """The node and the input in words, empty where neither is known."""
        if self.node is None:
            return f"input '{self.input}'" if self.input is not None else ""
        if self.input is None:
            return f"node '{self.node}'"
        return f"node '{self.node}', input '{self.input}'"

    def __str__(self) -> str:
        place = self.file or ""
        if self.position is not None:
            place += f":{self.position.line}:{self.position.column}"
        text = ": ".join(part for part in (place, self.subject, self.message) if part)
        if self.expected is not None:
            text += f"\n    expected: {self.expected}"
        if self.nearest:
            text += f"\n    nearest: {', '.join(self.nearest)}"
        if self.hint is not None:
            text += f"\n    {self.hint}"
        return text


class WorkflowError(Exception):
    """The document or the call is wrong; holds every problem found, never none."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
