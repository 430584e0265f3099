"""The `node` decorator, and reading a node's ports out of its signature."""

import enum
import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from nodeflow.node.artifact import Artifacts
from nodeflow.node.context import RunContext
from nodeflow.node.port import (
    ANY,
    BOOLEAN,
    COMBO,
    FLOAT,
    INT,
    STRING,
    Choices,
    Constraint,
    Generic,
    ListType,
    Name,
    PortType,
    TypeExpression,
    UnionType,
    wire_name,
)
from nodeflow.node.spec import (
    REQUIRED,
    Declaration,
    Depends,
    InputSpec,
    Lane,
    Needs,
    NodeSpec,
    OutputSpec,
    Plugin,
    Validate,
)

if TYPE_CHECKING:
    from nodeflow.node.expansion import Expand
    from nodeflow.node.infer import Infer

F = TypeVar("F", bound=Callable[..., object])
ATTRIBUTE = "__nodeflow__"
PRIMITIVES: dict[object, PortType] = {int: INT, float: FLOAT, str: STRING, bool: BOOLEAN}


class DeclarationError(Exception):
    """A node's signature cannot be read; the message says which parameter and why."""


def node(
    id: str,
    *,
    category: str,
    version: int = 1,
    display_name: str | None = None,
    output: bool = False,
    pure: bool = True,
    store: bool = True,
    lane: Lane = "cpu",
    deprecated: bool = False,
    experimental: bool = False,
    validate: Validate | None = None,
    lazy: tuple[str, ...] = (),
    needs: Needs | None = None,
    depends: Depends | None = None,
    infer: "Infer | None" = None,
    expand: "Expand | None" = None,
    retries: int = 0,
) -> Callable[[F], F]:
    """Declare a function (also an `async def`) as a node type; it stays as it is.

    `version` is raised when equal inputs give another result. `output` makes it a root that
    runs for its effect. `store=False`: too cheap to keep. `lane="device"`: uses the
    accelerator, one at a time. `validate` looks at literals before anything runs.

    `pure=False`: depends on more than its inputs and runs every time, or, with `depends`,
    whenever one of the strings that it gives has changed.
    `lazy` names inputs that are not computed unless `needs` asks for them: it is called once,
    with the values of all other inputs, and returns names; what it leaves out arrives as None.
    `infer` says shapes and families without computing, for dry runs and early errors.
    `expand` puts further nodes in this one's place while the run goes on
    (`nodeflow.node.expansion`); the function itself is then never called.
    `retries`: how many times a failed call may be made again.
    """
    declaration = Declaration(
        id, category, version, display_name, output, pure, store, lane, deprecated,
        experimental, validate, lazy, needs, depends, infer, expand, retries,
    )  # fmt: skip

    def mark(function: F) -> F:
        setattr(function, ATTRIBUTE, declaration)
        return function

    return mark


def port_type(annotation: object, where: str) -> tuple[TypeExpression, tuple[object, ...]]:
    """The type and the constraints that an annotation says. Raises DeclarationError."""
    if isinstance(annotation, PortType):
        return annotation, ()
    if isinstance(annotation, type) and annotation in PRIMITIVES:
        return PRIMITIVES[annotation], ()
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return COMBO, (Choices(tuple(str(member.value) for member in annotation)),)
    if annotation in (object, Any):
        return ANY, ()
    if isinstance(annotation, TypeVar):
        return Generic(annotation.__name__), ()
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        marks = arguments[1:]
        named = next((mark for mark in marks if isinstance(mark, PortType)), None)
        rest = tuple(mark for mark in marks if not isinstance(mark, PortType))
        if named is not None:
            return named, rest
        inner, more = port_type(arguments[0], where)
        return inner, (*more, *rest)
    if origin is Literal:
        return COMBO, (Choices(tuple(str(value) for value in arguments)),)
    if origin in (typing.Union, types.UnionType):
        members = [port_type(a, where)[0] for a in arguments if a is not type(None)]
        if len(members) == 1:
            return members[0], ()
        return UnionType(tuple(m for m in members if isinstance(m, PortType))), ()
    if origin is list:
        item = port_type(arguments[0], where)[0]
        if isinstance(item, PortType | Generic):
            return ListType(item), ()
    raise DeclarationError(
        f"{where}: {annotation!r} is no port type; use int, float, str, bool, Literal[...] or a "
        "type from nodeflow.values"
    )


def is_optional(annotation: object) -> bool:
    """Whether None is among the types."""
    return typing.get_origin(annotation) in (typing.Union, types.UnionType) and type(
        None
    ) in typing.get_args(annotation)


def descriptions(docstring: str) -> tuple[str, dict[str, str]]:
    """The text above `Args:`, and the lines `name: text` below it."""
    text, _, below = inspect.cleandoc(docstring).partition("Args:\n")
    inputs: dict[str, str] = {}
    current = ""
    for line in below.splitlines():
        if line and not line.startswith(" "):
            break
        indent = len(line) - len(line.lstrip())
        head, colon, tail = line.strip().partition(": ")
        if colon and indent <= 4 and " " not in head:
            current, inputs[head] = head, tail
        elif current and line.strip():
            inputs[current] += " " + line.strip()
    return text.strip(), inputs


def read_inputs(
    function: Callable[..., object], id: str, notes: dict[str, str]
) -> tuple[tuple[InputSpec, ...], str | None]:
    """The inputs in order, and the parameter that takes the run context."""
    inputs, context = [], None
    annotations = inspect.get_annotations(function, eval_str=True)
    for parameter in inspect.signature(function).parameters.values():
        where = f"node '{id}', parameter '{parameter.name}'"
        if parameter.name not in annotations:
            raise DeclarationError(f"{where} has no type")
        annotation = annotations[parameter.name]
        if annotation is RunContext:
            context = parameter.name
            continue
        type_, marks = port_type(annotation, where)
        named = next((mark.name for mark in marks if isinstance(mark, Name)), parameter.name)
        has_default = parameter.default is not inspect.Parameter.empty
        constraints = tuple(mark for mark in marks if isinstance(mark, typing.get_args(Constraint)))
        inputs.append(
            InputSpec(
                name=named,
                parameter=parameter.name,
                type=type_,
                default=parameter.default if has_default else REQUIRED,
                constraints=constraints,
                optional=is_optional(annotation),
                description=notes.get(parameter.name, ""),
            )
        )
    return tuple(inputs), context


def read_outputs(annotation: object, id: str) -> tuple[tuple[OutputSpec, ...], bool]:
    """The outputs, and whether the function returns them as one tuple."""
    if annotation in (None, type(None), Artifacts):
        return (), False
    if isinstance(annotation, type) and hasattr(annotation, "_fields"):
        fields = inspect.get_annotations(annotation, eval_str=True)
        outputs = []
        for field, kind in fields.items():
            type_, marks = port_type(kind, f"node '{id}', output '{field}'")
            name = next((mark.name for mark in marks if isinstance(mark, Name)), field)
            outputs.append(OutputSpec(name, type_))
        return tuple(outputs), True
    type_, marks = port_type(annotation, f"node '{id}', return type")
    name = next((mark.name for mark in marks if isinstance(mark, Name)), wire_name(type_))
    return (OutputSpec(name, type_),), False


def declared(function: object) -> Declaration | None:
    """What the decorator noted on a function, or None."""
    declaration = getattr(function, ATTRIBUTE, None)
    return declaration if isinstance(declaration, Declaration) else None


def read_spec(function: Callable[..., object], plugin: Plugin) -> NodeSpec:
    """The whole description of a decorated function. Raises DeclarationError."""
    declaration = declared(function)
    if declaration is None:
        raise DeclarationError(f"{function!r} is not decorated with @node")
    text, notes = descriptions(function.__doc__ or "")
    inputs, context = read_inputs(function, declaration.id, notes)
    annotations = inspect.get_annotations(function, eval_str=True)
    if "return" not in annotations:
        raise DeclarationError(f"node '{declaration.id}' has no return type")
    outputs, several = read_outputs(annotations["return"], declaration.id)
    return NodeSpec(
        declaration,
        with_lazy(inputs, declaration),
        outputs,
        text,
        function,
        plugin,
        context,
        several,
        inspect.iscoroutinefunction(function),
    )


def with_lazy(inputs: tuple[InputSpec, ...], declaration: Declaration) -> tuple[InputSpec, ...]:
    """The inputs with those marked that are lazy. Raises DeclarationError for other names."""
    lazy, where = declaration.lazy, f"node '{declaration.id}'"
    if bool(lazy) != (declaration.needs is not None):
        raise DeclarationError(f"{where}: lazy inputs and needs= come together")
    for name in lazy:
        if name not in [port.name for port in inputs]:
            raise DeclarationError(f"{where}: the lazy input '{name}' is no parameter")
    return tuple(replace(port, lazy=True) if port.name in lazy else port for port in inputs)
