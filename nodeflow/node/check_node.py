"""The check of one node after the other: its inputs, and the types of what it gives."""

from collections.abc import Mapping

from nodeflow.graph.document import Reference
from nodeflow.graph.forms.flat import FlatNode, ItemOf, Items, Spread
from nodeflow.graph.forms.signature import pick
from nodeflow.graph.nearest import nearest
from nodeflow.graph.problem import Problem, ProblemCode
from nodeflow.node.checked import CheckedNode, Link
from nodeflow.node.folders import FileMissing, Folders
from nodeflow.node.generics import Generics
from nodeflow.node.lists import gather_spec, item_spec
from nodeflow.node.plugins import Registry
from nodeflow.node.port import (
    ANY,
    InputFile,
    ListType,
    ModelFile,
    Refusal,
    TypeExpression,
    accepts,
    read_literal,
    wire_name,
)
from nodeflow.node.spec import REQUIRED, InputProblem, InputSpec, NodeSpec, Validate

_CODES = {
    "type": ProblemCode.TYPE_MISMATCH,
    "range": ProblemCode.OUT_OF_RANGE,
    "choice": ProblemCode.NOT_A_CHOICE,
}


class NodeCheck:
    """Takes nodes in an order in which each comes after its inputs."""

    def __init__(
        self, nodes: Mapping[str, FlatNode], registry: Registry, folders: Folders,
        source: str | None,
    ) -> None:  # fmt: skip
        self.nodes, self.registry, self.folders, self.source = nodes, registry, folders, source
        self.checked: dict[str, CheckedNode] = {}
        self.types: dict[str, list[TypeExpression]] = {}
        self.problems: list[Problem] = []

    def report(
        self, code: ProblemCode, entry: FlatNode, message: str, input: str | None = None,
        expected: str | None = None, close: tuple[str, ...] = (), hint: str | None = None,
    ) -> None:  # fmt: skip
        """Note a problem at the place of an input, or of the node."""
        place = entry.positions.get(input, entry.position) if input else entry.position
        self.problems.append(
            Problem(code, message, self.source, place, entry.name, input, expected, close, hint)
        )

    def report_input(self, entry: FlatNode, problem: InputProblem) -> None:
        """Note what a node found itself."""
        self.report(
            problem.code, entry, problem.message, problem.input, problem.expected,
            problem.nearest, problem.hint,
        )  # fmt: skip

    def node(self, entry: FlatNode) -> None:
        """Check one node."""
        spec = self.registry.get(entry.type)
        if spec is None:
            self.unknown(entry)
            return
        before = len(self.problems)
        names = [port.name for port in spec.inputs]
        for name in entry.inputs:
            if name not in names:
                self.report(
                    ProblemCode.UNKNOWN_INPUT, entry, f"{spec.id} has no input '{name}'", name,
                    " | ".join(names) or "no inputs", nearest(name, names),
                )  # fmt: skip
        literals: dict[str, object] = {}
        links: dict[str, Link] = {}
        generics = Generics()
        for port in spec.inputs:
            if port.name in entry.inputs:
                self.input(entry, port, literals, links, generics)
            elif port.default is not REQUIRED:
                literals[port.name] = port.default
            elif port.name not in entry.broken:
                self.missing(entry, port)
        for name, value in literals.items():
            found = spec.input(name)
            if found is not None:
                generics.bind_literal(found.type, value)
        named_later = any(port.names_file and port.name in links for port in spec.inputs)
        sound = len(self.problems) == before and not named_later
        if spec.declaration.validate is not None and sound:
            self.ask(entry, spec.declaration.validate, literals)
        self.add(entry.name, spec, literals, links, generics)

    def ask(self, entry: FlatNode, validate: Validate, literals: Mapping[str, object]) -> None:
        """Let a node check its literals itself; a fault of its code is a problem of the node."""
        try:
            found = tuple(validate(literals, self.folders))
        except Exception as error:  # whatever a plugin raises
            message = f"its own check failed: {type(error).__name__}: {error}"
            self.report(ProblemCode.NODE_FAULT, entry, message)
            return
        for problem in found:
            self.report_input(entry, problem)

    def add(
        self, name: str, spec: NodeSpec, literals: Mapping[str, object],
        links: Mapping[str, Link], generics: Generics,
    ) -> None:  # fmt: skip
        """Note a checked node and the types of its outputs."""
        self.checked[name] = CheckedNode(name, spec, literals, links)
        self.types[name] = [generics.resolve(output.type) for output in spec.outputs]

    def input(
        self, entry: FlatNode, port: InputSpec, literals: dict[str, object],
        links: dict[str, Link], generics: Generics,
    ) -> None:  # fmt: skip
        """Check what one input takes."""
        value = entry.inputs[port.name]
        link: Link | None = None
        if isinstance(value, Items):
            link = self.gather(entry, port, value)
        elif isinstance(value, ItemOf):
            link = self.item(entry, port, value)
        elif isinstance(value, Reference):
            link = self.link(entry, port, value)
            if link is not None and self.lacks_list(port, link):
                link = self.gather(entry, port, Items((value,)))
        elif value is None and port.optional:
            literals[port.name] = None
            return
        else:
            self.literal(entry, port, value, literals)
            return
        if link is None:
            return
        kind = self.type_of(link)
        expected = generics.bind(port.type, kind)
        if expected is not None or not accepts(port.type, kind):
            self.mismatch(entry, port, str(value), kind, expected or port.type)
        else:
            links[port.name] = link

    def lacks_list(self, port: InputSpec, link: Link) -> bool:
        """Whether an input that takes a list is given one value, which is a list of one then."""
        kind = self.type_of(link)
        single = not isinstance(kind, ListType) and wire_name(kind) != "*"
        return isinstance(port.type, ListType) and single

    def unknown(self, entry: FlatNode) -> None:
        """No such node type, or a refused one."""
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

    def missing(self, entry: FlatNode, port: InputSpec) -> None:
        """A required input that takes nothing."""
        why = entry.gone.get(port.name)
        message = f"the input is missing: {why}" if why is not None else "the input is missing"
        self.report(
            ProblemCode.MISSING_INPUT, entry, message, port.name, wire_name(port.type),
            () if why is not None else self.fitting(entry, port.type),
        )  # fmt: skip

    def fitting(self, entry: FlatNode, kind: TypeExpression) -> tuple[str, ...]:
        """The first outputs that an input of a type could take."""
        found: list[str] = []
        for other in self.nodes.values():
            spec = self.registry.get(other.type) if other.name != entry.name else None
            for output in spec.outputs if spec is not None else ():
                if accepts(kind, output.type):
                    several = spec is not None and len(spec.outputs) > 1
                    found.append(f"${other.name}" + (f".{output.name}" if several else ""))
            if len(found) >= 3:
                break
        return tuple(found[:3])

    def literal(
        self, entry: FlatNode, port: InputSpec, value: object, literals: dict[str, object]
    ) -> None:
        """Check a literal; files that it names must be there."""
        read = read_literal(port.type, value, port.constraints)
        if isinstance(read, Refusal):
            hint = None
            if isinstance(value, list) and not isinstance(port.type, ListType):
                hint = f"for one run per item: loop: {{each: {{{port.name}: […]}}}}"
            self.report(
                _CODES[read.kind], entry, read.message, port.name, read.expected, read.nearest,
                hint,
            )  # fmt: skip
            return
        literals[port.name] = read
        kind = port.constraint(ModelFile)
        try:
            if kind is not None:
                if read not in kind.besides:
                    self.folders.find_model(kind.kind, str(read))
            elif port.constraint(InputFile) is not None:
                self.folders.find_input(str(read))
        except FileMissing as error:
            usual = "the input folder" if kind is None else f"models/{kind.kind}"
            searched = ", ".join(str(folder) for folder in error.searched) or usual
            self.report(
                ProblemCode.MISSING_FILE, entry, f"'{error.name}' is not there", port.name,
                f"a file in {searched}", error.nearest,
            )  # fmt: skip

    def spec_of(self, name: str) -> NodeSpec | None:
        """A node's type, also of one that is not checked yet because links run in a circle."""
        if name in self.checked:
            return self.checked[name].spec
        return self.registry.get(self.nodes[name].type) if name in self.nodes else None

    def type_of(self, link: Link) -> TypeExpression:
        """What an output gives; its declared type where the node is not checked yet."""
        if link.node in self.types:
            return self.types[link.node][link.output]
        spec = self.spec_of(link.node)
        return ANY if spec is None else spec.outputs[link.output].type

    def output(self, target: Reference) -> Link | None:
        """The output that a reference means, where there is such a node and output."""
        spec = self.spec_of(target.node)
        if spec is None:
            return None
        names = [output.name for output in spec.outputs]
        name = pick(names, target.output)
        return None if name is None else Link(target.node, names.index(name))

    def link(self, entry: FlatNode, port: InputSpec, target: Reference) -> Link | None:
        """Check that what a reference names is there."""
        if target.node not in self.nodes:
            self.report(
                ProblemCode.UNKNOWN_REFERENCE, entry, f"there is no node '{target.node}'",
                port.name, close=tuple(f"${n}" for n in nearest(target.node, self.nodes)),
            )  # fmt: skip
            return None
        source = self.spec_of(target.node)
        link = self.output(target)
        if source is None or link is not None:
            return link
        names = [output.name for output in source.outputs]
        what = "has no outputs" if not names else f"has no output '{target.output}'"
        close = nearest(str(target.output), names)
        if target.output is None and len(names) > 1:
            what = "has several outputs, name one of them"
            close = tuple(o.name for o in source.outputs if accepts(port.type, o.type))[:3]
        self.report(
            ProblemCode.UNKNOWN_OUTPUT, entry, f"'{target.node}' ({source.id}) {what}",
            port.name, " | ".join(f"${target.node}.{name}" for name in names) or None,
            tuple(f"${target.node}.{name}" for name in close),
        )  # fmt: skip
        return None

    def mismatch(
        self, entry: FlatNode, port: InputSpec, value: str, kind: TypeExpression,
        expected: TypeExpression,
    ) -> None:  # fmt: skip
        """A link between types that do not fit."""
        shown = value if value.startswith("$") else "this"
        self.report(
            ProblemCode.TYPE_MISMATCH, entry,
            f"{shown} is {wire_name(kind)}, but the input takes {wire_name(expected)}",
            port.name, wire_name(expected), self.fitting(entry, expected),
        )  # fmt: skip

    def item(self, entry: FlatNode, port: InputSpec, value: ItemOf) -> Link | None:
        """A node that takes one item of a list; one for all who want that item."""
        link = self.link(entry, port, value.source)
        if link is None:
            return None
        spec = self.spec_of(link.node)
        output = spec.outputs[link.output].name if spec is not None else link.output
        name = f"{link.node}:{output}[{value.index}]"
        if name not in self.checked:
            self.add(
                name,
                item_spec(self.type_of(link)),
                {"index": value.index},
                {"items": link},
                Generics(),
            )
        return Link(name, 0)

    def gather(self, entry: FlatNode, port: InputSpec, value: Items) -> Link | None:
        """A node that makes a list of its items, for an input that takes it whole."""
        name = f"{entry.name}:{port.name}[]"
        inner = port.type.item if isinstance(port.type, ListType) else ANY
        literals: dict[str, object] = {}
        links: dict[str, Link] = {}
        kind: TypeExpression = inner
        spreads = [isinstance(item, Spread) for item in value.values]
        spec = gather_spec(spreads, kind)
        for slot, item in zip(spec.inputs, value.values, strict=True):
            link: Link | None = None
            if isinstance(item, Reference):
                link = self.link(entry, port, item)
            elif isinstance(item, Spread):
                link = self.link(entry, port, item.source)
            elif isinstance(item, ItemOf):
                link = self.item(entry, port, item)
            else:
                read = read_literal(inner, item, port.constraints)
                if isinstance(read, Refusal):
                    self.report(_CODES[read.kind], entry, read.message, port.name, read.expected)
                    return None
                literals[slot.name] = read
                continue
            if link is None:
                return None
            links[slot.name] = link
            given = self.type_of(link)
            given = (
                given.item if isinstance(item, Spread) and isinstance(given, ListType) else given
            )
            if not accepts(inner, given):
                self.mismatch(entry, port, str(getattr(item, "source", item)), given, inner)
                return None
            kind = given
        self.add(name, gather_spec(spreads, kind), literals, links, Generics())
        return Link(name, 0)
