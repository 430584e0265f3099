"""Calling one node: arguments in, a checked result out, in whatever thread it runs."""

import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nodeflow.engine.results import Value
from nodeflow.engine.traces import versions
from nodeflow.node.artifact import Artifacts
from nodeflow.node.checked import CheckedNode
from nodeflow.node.context import RunContext

LIBRARY = 200
"""Modules; torch has 900."""


class ChangedInPlace(Exception):
    """A node changed a value that others see; `port` is the input it came by."""

    def __init__(self, port: str) -> None:
        self.port = port
        super().__init__(f"it changed its input '{port}' in place")


class FileReplaced(Exception):
    """A file was replaced between the plan and the end of the node that read it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A node's result, and how long it took.

    loading: a library was loaded meanwhile, by this node or by one beside it, so that the time
    says little of the next run.
    """

    value: Value
    seconds: float
    loading: bool = False


@dataclass(frozen=True, slots=True)
class Began:
    """When a node began, and how many modules there were."""

    at: float = field(default_factory=time.monotonic)
    modules: int = field(default_factory=lambda: len(sys.modules))

    def outcome(self, value: Value) -> Outcome:
        """Of a node that ends now."""
        loading = len(sys.modules) - self.modules >= LIBRARY
        return Outcome(value, time.monotonic() - self.at, loading)


@dataclass(frozen=True, slots=True)
class Call:
    """One node with the values of its linked inputs, by port; None for a lazy one not asked for.

    retried is told of a failure after which the node is called again. unchanged raises
    FileReplaced where a file that takes part in the key is no longer what it was.
    """

    node: CheckedNode
    linked: Mapping[str, object]
    context: RunContext
    retried: Callable[[Exception], None]
    unchanged: Callable[[], None] = lambda: None

    def arguments(self) -> dict[str, object]:
        """Arguments by Python name."""
        spec, literals = self.node.spec, self.node.literals
        found = {
            port.parameter: literals[port.name]
            if port.name in literals
            else self.linked.get(port.name)
            for port in spec.inputs
        }
        if spec.context is not None:
            found[spec.context] = self.context
        return found

    def __call__(self) -> Outcome:
        """Call an ordinary function."""
        began, before = Began(), self._before()
        for left in range(self.node.spec.declaration.retries, -1, -1):
            try:
                returned = self.node.spec.function(**self.arguments())
                return self._outcome(returned, began, before)
            except Exception as error:
                self._again_or_raise(error, left)
        raise AssertionError("the last failure is raised")

    async def asynchronously(self) -> Outcome:
        """Await a coroutine function."""
        began, before = Began(), self._before()
        function: Callable[..., Awaitable[Any]] = self.node.spec.function  # type: ignore[assignment]
        for left in range(self.node.spec.declaration.retries, -1, -1):
            try:
                return self._outcome(await function(**self.arguments()), began, before)
            except Exception as error:
                self._again_or_raise(error, left)
        raise AssertionError("the last failure is raised")

    def _before(self) -> dict[str, tuple[int, ...]]:
        return {port: versions(value) for port, value in self.linked.items()}

    def _again_or_raise(self, error: Exception, left: int) -> None:
        if not left or isinstance(error, ChangedInPlace | FileReplaced):
            raise error
        self.context.check_cancelled()
        self.retried(error)

    def _outcome(
        self, returned: object, began: Began, before: Mapping[str, tuple[int, ...]]
    ) -> Outcome:
        for port, value in self.linked.items():
            if versions(value) != before[port]:
                raise ChangedInPlace(port)
        self.unchanged()
        return began.outcome(packed(self.node, returned))


def packed(node: CheckedNode, returned: object) -> Value:
    """What a function returned, as outputs in order. Raises ValueError where it does not fit."""
    if isinstance(returned, Artifacts):
        return returned
    if not node.spec.outputs:
        return Artifacts()
    if not node.spec.several:
        return (returned,)
    if not isinstance(returned, tuple) or len(returned) != len(node.spec.outputs):
        raise ValueError(f"it returned {type(returned).__name__}, not its named outputs")
    return tuple(returned)


def weights_files(value: object) -> list[tuple[Path, str]]:
    """The (path, content digest) of every model file that a value names."""
    from dataclasses import fields, is_dataclass

    from nodeflow.diffusion.recipe import WeightsFile

    found: list[tuple[Path, str]] = []
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, WeightsFile):
            found.append((Path(item.path), item.fingerprint))
        elif isinstance(item, tuple | list):
            stack.extend(item)
        elif is_dataclass(item) and not isinstance(item, type):
            stack.extend(getattr(item, field.name) for field in fields(item))
    return found
