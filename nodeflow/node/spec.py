"""The description of a node type, all that anybody but the node itself knows about it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from nodeflow.graph.problem import ProblemCode
from nodeflow.node.folders import Folders
from nodeflow.node.port import (
    Constraint,
    InputFile,
    ModelFile,
    PortType,
    TypeExpression,
    port_types,
)

if TYPE_CHECKING:
    from nodeflow.node.expansion import Expand
    from nodeflow.node.infer import Infer

Lane = Literal["cpu", "device", "sampling"]
"""sampling: on the device too, but several at once, since they share network calls."""


class Required:
    """Stands for the default of an input that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = Required()


@dataclass(frozen=True, slots=True)
class InputSpec:
    """An input: `parameter` is the Python name where it differs from the port's name."""

    name: str
    parameter: str
    type: TypeExpression
    default: object = REQUIRED
    constraints: tuple[Constraint, ...] = ()
    optional: bool = False
    description: str = ""
    lazy: bool = False

    def constraint(self, kind: Any) -> Any:
        """The constraint of a kind, or None."""
        return next((c for c in self.constraints if isinstance(c, kind)), None)

    @property
    def names_file(self) -> bool:
        """Whether it takes the name of a file, whose content takes part in keys."""
        return any(isinstance(c, ModelFile | InputFile) for c in self.constraints)


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """An output and its name, which is its type's where the node names none."""

    name: str
    type: TypeExpression


@dataclass(frozen=True, slots=True)
class InputProblem:
    """What a node's own check found wrong with a literal, or with all, before anything runs."""

    input: str | None
    message: str
    expected: str | None = None
    nearest: tuple[str, ...] = ()
    hint: str | None = None
    code: ProblemCode = ProblemCode.BAD_FILE


Validate: TypeAlias = Callable[[Mapping[str, object], Folders], Iterable[InputProblem]]
"""Literals by input name, folders: what is wrong with them.

Not asked where the name of a file is a link, which is known only when the node runs.
"""
Needs: TypeAlias = Callable[[Mapping[str, object]], Iterable[str]]
"""Values of the inputs that are not lazy, by input name: the lazy inputs to compute."""
Depends: TypeAlias = Callable[[Mapping[str, object], Folders], Iterable[str]]
"""Literals by input name, folders: what else decides the result (a day, a folder's listing)."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """Where a node's code comes from: name, folder or file, and the digest of all its code."""

    name: str
    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the decorator was told; the rest is in the function's signature."""

    id: str
    category: str
    version: int
    display_name: str | None
    output: bool
    pure: bool
    store: bool
    lane: Lane
    deprecated: bool
    experimental: bool
    validate: Validate | None
    lazy: tuple[str, ...] = ()
    needs: Needs | None = None
    depends: Depends | None = None
    infer: "Infer | None" = None
    expand: "Expand | None" = None
    retries: int = 0


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A node type.

    output: a root of the graph, run for its effect. pure: equal inputs give equal results.
    store: False where making the value is cheaper than keeping it. context: the parameter
    that takes the run context, or None. asynchronous: the function is a coroutine function.
    """

    declaration: Declaration
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    description: str
    function: Callable[..., object]
    plugin: Plugin
    context: str | None = None
    several: bool = False
    asynchronous: bool = False

    @property
    def id(self) -> str:
        """The type's id, which documents name."""
        return self.declaration.id

    def port_types(self) -> list[PortType]:
        """The plain types of all its ports."""
        types = [*(port.type for port in self.inputs), *(port.type for port in self.outputs)]
        return [kind for expression in types for kind in port_types(expression)]

    def input(self, name: str) -> InputSpec | None:
        """The input of that name, or None."""
        return next((port for port in self.inputs if port.name == name), None)
