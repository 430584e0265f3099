"""The check of a whole workflow before anything runs: every node, link and literal."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nodeflow.graph.document import NodeEntry, Reference, Workflow
from nodeflow.graph.nearest import nearest
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.node.folders import FileMissing, Folders
from nodeflow.node.infer import Inferred, infer_all
from nodeflow.node.plugins import Registry
from nodeflow.node.port import InputFile, ModelFile, Refusal, accepts, read_literal, wire_name
from nodeflow.node.spec import REQUIRED, InputProblem, InputSpec, NodeSpec

_CODES = {
    "type": ProblemCode.TYPE_MISMATCH,
    "range": ProblemCode.OUT_OF_RANGE,
    "choice": ProblemCode.NOT_A_CHOICE,
}


@dataclass(frozen=True, slots=True)
class Link:
    """A checked link: the node it comes from and the number of its output."""

    node: str
    output: int


@dataclass(frozen=True, slots=True)
class CheckedNode:
    """A node whose inputs are known to fit: literals with defaults, and links, by port name."""

    name: str
    spec: NodeSpec
    literals: Mapping[str, object]
    links: Mapping[str, Link]


@dataclass(frozen=True)
class CheckedWorkflow:
    """All nodes in an order in which each comes after its inputs, and what is known of them."""

    nodes: Mapping[str, CheckedNode]
    outputs: tuple[str, ...]
    source: str | None = None
    folders: Folders = field(default_factory=Folders)
    inferred: Mapping[str, Inferred] = field(default_factory=dict)


def check(workflow: Workflow, registry: Registry, folders: Folders) -> CheckedWorkflow:
    """Check everything; raises WorkflowError with all problems in the order of the document."""
    return _Check(workflow, registry, folders).run()


class _Check:
    def __init__(self, workflow: Workflow, registry: Registry, folders: Folders) -> None:
        self.workflow, self.registry, self.folders = workflow, registry, folders
        self.problems: list[Problem] = []

    def report(
        self, code: ProblemCode, entry: NodeEntry, message: str, input: str | None = None,
        expected: str | None = None, close: tuple[str, ...] = (), hint: str | None = None,
    ) -> None:  # fmt: skip
        place = entry.positions.get(input, entry.position) if input else entry.position
        self.problems.append(
            Problem(
                code, message, self.workflow.source, place, entry.name, input, expected, close, hint
            )
        )

    def run(self) -> CheckedWorkflow:
        checked: dict[str, CheckedNode] = {}
        for entry in self.workflow.nodes.values():
            spec = self.registry.get(entry.type)
            if spec is None:
                self.unknown(entry)
            else:
                checked[entry.name] = self.node(entry, spec)
        outputs = tuple(name for name, node in checked.items() if node.spec.declaration.output)
        ordered = self.order(checked)
        if not outputs and not self.problems:
            self.problems.append(
                Problem(
                    ProblemCode.NO_OUTPUT,
                    "no node writes or shows anything, nothing would run",
                    self.workflow.source,
                    expected="an output node such as SaveImage",
                )  # fmt: skip
            )
        if self.problems:
            raise WorkflowError(self.problems)
        nodes = {name: checked[name] for name in ordered}
        inferred = infer_all(nodes, self.folders)
        for name, found in inferred.items():
            for problem in found.problems:
                self.report_input(self.workflow.nodes[name], problem)
        if self.problems:
            raise WorkflowError(self.problems)
        return CheckedWorkflow(nodes, outputs, self.workflow.source, self.folders, inferred)

    def report_input(self, entry: NodeEntry, problem: InputProblem) -> None:
        self.report(
            problem.code, entry, problem.message, problem.input, problem.expected,
            problem.nearest, problem.hint,
        )  # fmt: skip

    def unknown(self, entry: NodeEntry) -> None:
        refused = self.registry.refusal(entry.type)
        if refused is None:
            self.report(
                ProblemCode.UNKNOWN_NODE, entry, f"no node type '{entry.type}' is known",
                close=self.registry.nearest(entry.type),
            )  # fmt: skip
        elif refused.blocked:
            self.report(
                ProblemCode.BLOCKED_NODE, entry,
                f"'{entry.type}' comes from the plugin '{refused.plugin.name}', which is blocked "
                f"({refused.reason})",
                hint=f"read its code, then: python -m nodeflow plugin allow {refused.plugin.path}",
            )  # fmt: skip
        else:
            self.report(
                ProblemCode.BLOCKED_NODE, entry,
                f"the plugin '{refused.plugin.name}' that has '{entry.type}' cannot be loaded: "
                f"{refused.reason}",
            )  # fmt: skip

    def node(self, entry: NodeEntry, spec: NodeSpec) -> CheckedNode:
        names = [port.name for port in spec.inputs]
        for name in entry.inputs:
            if name not in names:
                self.report(
                    ProblemCode.UNKNOWN_INPUT, entry, f"{spec.id} has no input '{name}'", name,
                    " | ".join(names) or "no inputs", nearest(name, names),
                )  # fmt: skip
        literals: dict[str, object] = {}
        links: dict[str, Link] = {}
        for port in spec.inputs:
            if port.name not in entry.inputs:
                if port.default is REQUIRED:
                    self.missing(entry, port)
                else:
                    literals[port.name] = port.default
                continue
            value = entry.inputs[port.name]
            if isinstance(value, Reference):
                link = self.link(entry, port, value)
                if link is not None:
                    links[port.name] = link
            elif value is None and port.optional:
                literals[port.name] = None
            else:
                self.literal(entry, port, value, literals)
        if spec.declaration.validate is not None and not self.problems_of(entry.name):
            for problem in spec.declaration.validate(literals, self.folders):
                self.report_input(entry, problem)
        return CheckedNode(entry.name, spec, literals, links)

    def problems_of(self, name: str) -> bool:
        return any(problem.node == name for problem in self.problems)

    def missing(self, entry: NodeEntry, port: InputSpec) -> None:
        candidates = [
            f"${other.name}"
            for other in self.workflow.nodes.values()
            if other.name != entry.name
            and (spec := self.registry.get(other.type)) is not None
            and any(accepts(port.type, out.type) for out in spec.outputs)
        ]
        self.report(
            ProblemCode.MISSING_INPUT, entry, "the input is missing", port.name,
            f"{wire_name(port.type)}", tuple(candidates[:3]),
        )  # fmt: skip

    def literal(
        self, entry: NodeEntry, port: InputSpec, value: object, literals: dict[str, object]
    ) -> None:
        read = read_literal(port.type, value, port.constraints)
        if isinstance(read, Refusal):
            self.report(
                _CODES[read.kind], entry, read.message, port.name, read.expected, read.nearest
            )
            return
        literals[port.name] = read
        try:
            kind = port.constraint(ModelFile)
            if kind is not None:
                self.folders.find_model(kind.kind, str(read))
            elif port.constraint(InputFile) is not None:
                self.folders.find_input(str(read))
        except FileMissing as error:
            searched = ", ".join(str(folder) for folder in error.searched) or "no folder at all"
            self.report(
                ProblemCode.MISSING_FILE, entry, f"'{error.name}' is not there", port.name,
                f"a file in {searched}", error.nearest,
            )  # fmt: skip

    def link(self, entry: NodeEntry, port: InputSpec, target: Reference) -> Link | None:
        source = self.workflow.nodes.get(target.node)
        if source is None:
            self.report(
                ProblemCode.UNKNOWN_REFERENCE, entry, f"there is no node '{target.node}'",
                port.name, close=tuple(f"${n}" for n in nearest(target.node, self.workflow.nodes)),
            )  # fmt: skip
            return None
        spec = self.registry.get(source.type)
        if spec is None:
            return None
        names = [output.name for output in spec.outputs]
        index = self.output_index(names, target)
        if index is None:
            what = "has no outputs" if not names else f"has no output '{target.output}'"
            if target.output is None and len(names) > 1:
                what = "has several outputs, name one of them"
            self.report(
                ProblemCode.UNKNOWN_OUTPUT, entry, f"'{target.node}' ({spec.id}) {what}",
                port.name, " | ".join(f"${target.node}.{name}" for name in names) or None,
                tuple(f"${target.node}.{n}" for n in nearest(str(target.output), names)),
            )  # fmt: skip
            return None
        type_ = spec.outputs[index].type
        if not accepts(port.type, type_):
            fitting = [
                f"${other.name}" + (f".{out.name}" if len(other_spec.outputs) > 1 else "")
                for other in self.workflow.nodes.values()
                if other.name != entry.name
                and (other_spec := self.registry.get(other.type)) is not None
                for out in other_spec.outputs
                if accepts(port.type, out.type)
            ]
            self.report(
                ProblemCode.TYPE_MISMATCH, entry,
                f"{target} is {wire_name(type_)}, but the input takes {wire_name(port.type)}",
                port.name, wire_name(port.type), tuple(fitting[:3]),
            )  # fmt: skip
            return None
        return Link(target.node, index)

    @staticmethod
    def output_index(names: list[str], target: Reference) -> int | None:
        wanted = target.output
        if wanted is None:
            return 0 if len(names) == 1 else None
        if isinstance(wanted, int):
            return wanted if 0 <= wanted < len(names) else None
        if wanted in names:
            return names.index(wanted)
        lowered = [name.lower() for name in names]
        return lowered.index(wanted.lower()) if lowered.count(wanted.lower()) == 1 else None

    def order(self, checked: dict[str, CheckedNode]) -> list[str]:
        """Kahn's algorithm over the links; reports the cycle where some are left."""
        waiting = {
            name: sum(1 for link in node.links.values() if link.node in checked)
            for name, node in checked.items()
        }
        users: dict[str, list[str]] = {name: [] for name in checked}
        for name, node in checked.items():
            for link in node.links.values():
                if link.node in checked:
                    users[link.node].append(name)
        ready = [name for name, count in waiting.items() if count == 0]
        ordered = []
        for name in ready:
            ordered.append(name)
            for user in users[name]:
                waiting[user] -= 1
                if waiting[user] == 0:
                    ready.append(user)
        if len(ordered) < len(checked):
            self.cycle(checked, {name for name, count in waiting.items() if count > 0})
        return ordered

    def cycle(self, checked: dict[str, CheckedNode], left: set[str]) -> None:
        name = next(name for name in checked if name in left)
        seen: list[str] = []
        while name not in seen:
            seen.append(name)
            name = next(link.node for link in checked[name].links.values() if link.node in left)
        ring = [*seen[seen.index(name) :], name]
        entry = self.workflow.nodes[name]
        port = next(p for p, link in checked[name].links.items() if link.node == ring[1])
        self.report(
            ProblemCode.CYCLE, entry,
            "the links run in a circle: " + " needs ".join(f"'{part}'" for part in ring), port,
            hint="take out one of these links",
        )  # fmt: skip
