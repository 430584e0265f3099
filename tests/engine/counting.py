"""Nodes that count how often they run, made with the real decorator."""

from collections import Counter
from dataclasses import dataclass, field
from types import MappingProxyType

from nodeflow.graph.document import NodeEntry, Reference, Workflow
from nodeflow.node import Artifacts, RunContext, node
from nodeflow.node.check import CheckedWorkflow, check
from nodeflow.node.declare import read_spec
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry
from nodeflow.node.spec import Plugin


@dataclass
class Counted:
    """A registry of trivial nodes and the runs of each, by node name."""

    runs: Counter[str] = field(default_factory=Counter)
    shown: dict[str, str] = field(default_factory=dict)

    def registry(self, code: str = "digest") -> Registry:
        """`Add`, `Fail`, `Dice` (impure) and the output node `Show`."""

        @node("Add", category="test")
        def add(a: int, context: RunContext, b: int = 0) -> int:
            """A sum."""
            self.runs[context.node] += 1
            return a + b

        @node("Fail", category="test")
        def fail(a: int, context: RunContext) -> int:
            """Fails where `a` is odd."""
            self.runs[context.node] += 1
            if a % 2:
                raise RuntimeError("odd")
            return a

        @node("Dice", category="test", pure=False)
        def dice(context: RunContext, a: int = 0) -> int:
            """Runs every time."""
            self.runs[context.node] += 1
            return a

        @node("Show", category="test", output=True)
        def show(a: int, context: RunContext) -> Artifacts:
            """Shows its input."""
            self.runs[context.node] += 1
            self.shown[context.node] = str(a)
            return Artifacts(text=(str(a),))

        plugin = Plugin("test", "test.py", code)
        specs = [read_spec(function, plugin) for function in (add, fail, dice, show)]
        return Registry(MappingProxyType({spec.id: spec for spec in specs}))


def workflow(nodes: dict[str, tuple[str, dict[str, object]]]) -> Workflow:
    """A document from name → (type, inputs); inputs that start with `$` are links."""
    entries = {}
    for name, (kind, inputs) in nodes.items():
        values = {
            key: Reference(value[1:]) if isinstance(value, str) else value
            for key, value in inputs.items()
        }
        entries[name] = NodeEntry(name, kind, values)  # type: ignore[arg-type]
    return Workflow(entries, source="test.yaml")


def checked(nodes: dict[str, tuple[str, dict[str, object]]], registry: Registry) -> CheckedWorkflow:
    """The same, checked."""
    return check(workflow(nodes), registry, Folders())
