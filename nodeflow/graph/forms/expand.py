"""The one place where forms become plain nodes.

Every node becomes a task; a task is resolved after those whose outputs it takes, because whether
it runs once or once per item depends on whether they give lists. No recursion: subgraphs may be
nested, and chains may be long, as far as the limits go.
"""

from collections import deque
from collections.abc import Mapping

from nodeflow.graph.document import NodeEntry, Reference, Workflow
from nodeflow.graph.forms.aliases import Alias, Aliases, Gone
from nodeflow.graph.forms.bypass import bypassed
from nodeflow.graph.forms.flat import Border, Flat, FlatNode, FlatValue, Items, Source, references
from nodeflow.graph.forms.lists import Lists
from nodeflow.graph.forms.rounds import check_loop, rounds
from nodeflow.graph.forms.signature import Signature, Signatures, takes_whole
from nodeflow.graph.forms.task import Task, inputs_of, scoped
from nodeflow.graph.forms.uses import recursion
from nodeflow.graph.limits import DEFAULT, Limits
from nodeflow.graph.nearest import nearest
from nodeflow.graph.problem import Position, Problem, ProblemCode, WorkflowError

REROUTE, PRIMITIVE, SWITCH = "Reroute", "PrimitiveNode", "ComfySwitchNode"
NOTES = ("Note", "MarkdownNote")


def expand(
    workflow: Workflow, signatures: Signatures, lengths: Mapping[Source, int] | None = None,
    limits: Limits = DEFAULT,
) -> Flat:  # fmt: skip
    """The plain nodes of a document; what is wrong with its forms is in `problems`.

    `lengths`: the lengths of lists that a run has given already. Raises WorkflowError where a
    subgraph contains itself or the whole grows over the limits.
    """
    found = recursion(workflow)
    if found is not None:
        raise WorkflowError([found])
    return _Expansion(workflow, signatures, lengths or {}, limits).run()


class _Expansion:
    def __init__(
        self, workflow: Workflow, signatures: Signatures, lengths: Mapping[Source, int],
        limits: Limits,
    ) -> None:  # fmt: skip
        self.workflow, self.limits = workflow, limits
        self.types = signatures
        self.aliases = Aliases()
        self.lists = Lists(lengths, self.signature_of_node)
        self.waiting: dict[str, Task] = {}
        self.queue: deque[str] = deque()
        self.nodes: dict[str, FlatNode] = {}
        self.borders: list[tuple[str, str, str, FlatValue, Position | None]] = []
        self.problems: list[Problem] = []
        self.made = 0
        self.added: list[str] = []

    def report(
        self, code: ProblemCode, task: Task, message: str, input: str | None = None,
        expected: str | None = None, close: tuple[str, ...] = (), hint: str | None = None,
        place: Position | None = None,
    ) -> None:  # fmt: skip
        place = place or (task.positions.get(input, task.position) if input else task.position)
        self.problems.append(
            Problem(
                code, message, self.workflow.source, place, task.name, input, expected, close, hint
            )
        )

    def run(self) -> Flat:
        self.add_all(self.workflow.nodes, "")
        while self.queue:
            self.resolve_with_needs(self.queue.popleft())
        borders = []
        for node, port, kind, value, position in self.borders:
            resolved = self.aliases.resolve(value)
            if not isinstance(resolved.value, Gone):
                borders.append(Border(node, port, kind, resolved.value, position))
        stands_for = {}
        for name in self.workflow.nodes:
            alias = self.aliases.named.get(name)
            if alias is not None:
                values = (self.aliases.resolve(value).value for value in alias.outputs.values())
                stands_for[name] = tuple(v for v in values if not isinstance(v, Gone))
        guessed = tuple(self.lists.guessed)
        nodes = {name: self.nodes[name] for name in self.added if name in self.nodes}
        return Flat(nodes, tuple(borders), stands_for, guessed, tuple(self.problems))

    def signature(self, kind: str) -> Signature | None:
        graph = self.workflow.subgraphs.get(kind)
        if graph is None:
            return self.types(kind)
        inputs = {name: port.type for name, port in graph.inputs.items()}
        return Signature(inputs, {name: port.type or "" for name, port in graph.outputs.items()})

    def signature_of_node(self, name: str) -> Signature | None:
        node = self.nodes.get(name)
        return None if node is None else self.types(node.type)

    def output_types(self, kind: str) -> Signature | None:
        """A signature with the types of outputs that a subgraph does not declare, if they are
        those of a node in it."""
        found = self.signature(kind)
        graph = self.workflow.subgraphs.get(kind)
        if found is None or graph is None:
            return found
        outputs = {}
        for name, port in graph.outputs.items():
            entry = graph.nodes.get(port.source.node)
            inner = self.signature(entry.type) if entry is not None else None
            output = inner.output(port.source.output) if inner is not None else None
            derived = inner.outputs[output] if inner is not None and output is not None else ""
            outputs[name] = port.type or derived
        return Signature(found.inputs, outputs)

    def add_all(self, entries: Mapping[str, NodeEntry], scope: str) -> None:
        self.grow(len(entries), scope)
        for entry in entries.values():
            task = Task.of(entry, scope)
            if entry.mode == "mute":
                self.alias(task, Alias({}, rest=Gone(f"'{task.name}' is muted")))
            elif entry.mode == "bypass":
                values = {**task.inputs, **task.each}
                self.alias(task, bypassed(task.name, self.output_types(entry.type), values))
            elif entry.type == REROUTE:
                value = next(iter(task.inputs.values()), Gone(f"'{task.name}' leads nowhere"))
                self.alias(task, Alias({}, rest=value))
            elif entry.type == PRIMITIVE:
                value = task.inputs.get("value", Gone(f"'{task.name}' has no value"))
                self.alias(task, Alias({}, rest=value))
            elif entry.type not in NOTES:
                self.add(task)

    def grow(self, count: int, where: str) -> None:
        self.made += count
        if self.made > self.limits.nodes:
            name = where or "the workflow"
            message = f"with its subgraphs and loops this is more than {self.limits.nodes:,} nodes"
            source = self.workflow.source
            entry = self.workflow.nodes.get(where.partition(":")[0])
            place = entry.position if entry is not None else None
            expected = f"at most {self.limits.nodes:,}"
            raise WorkflowError(
                [Problem(ProblemCode.LIMIT, message, source, place, name, expected=expected)]
            )

    def add(self, task: Task) -> None:
        if task.name in self.waiting or task.name in self.nodes or task.name in self.aliases.named:
            message = f"two nodes would be called '{task.name}'"
            self.report(ProblemCode.SCHEMA, task, message, hint="rename one of them")
            return
        self.waiting[task.name] = task
        self.added.append(task.name)
        self.queue.append(task.name)

    def alias(self, task: Task, alias: Alias) -> None:
        self.aliases.named[task.name] = alias

    def resolve_with_needs(self, name: str) -> None:
        """Resolve a task after those it takes values from."""
        stack, begun = [name], set()
        while stack:
            current = stack[-1]
            task = self.waiting.get(current)
            if task is None:
                stack.pop()
                continue
            begun.add(current)
            needed = [n for n in self.needs(task) if n in self.waiting and n not in begun]
            if needed:
                stack.extend(needed)
                continue
            stack.pop()
            del self.waiting[current]
            self.resolve(task)

    def needs(self, task: Task) -> list[str]:
        """The nodes whose outputs a task takes, aliases followed."""
        return [
            found.node
            for reference in task.needs()
            for found in references(self.resolved(reference))
        ]

    def resolved(self, value: FlatValue) -> FlatValue:
        found = self.aliases.resolve(value).value
        return None if isinstance(found, Gone) else found

    def resolve(self, task: Task) -> None:
        signature = self.signature(task.type)
        if task.loop is not None:
            self.loop(task, signature)
            return
        inputs = {name: self.resolved(value) for name, value in task.inputs.items()}
        over = [
            name
            for name, value in inputs.items()
            if signature is not None
            and not takes_whole(signature.inputs.get(name, "*"))
            and self.lists.gives_list(value)
        ]
        if over and signature is not None:
            self.per_item(task, signature, inputs, over)
        elif task.type in self.workflow.subgraphs:
            self.subgraph(task)
        else:
            self.plain(task, signature)

    def per_item(
        self, task: Task, signature: Signature, inputs: dict[str, FlatValue], over: list[str]
    ) -> None:
        """Run once per item; where lists differ in length, the shorter repeat their last item."""
        lists = {name: self.lists.items(inputs[name]) for name in over}
        count = 0 if not all(lists.values()) else max(len(items) for items in lists.values())
        self.grow(count, task.name)
        for number in range(count):
            items = {name: found[min(number, len(found) - 1)] for name, found in lists.items()}
            self.add(task.round(number, {**task.inputs, **items}))
        self.gather(task, signature, count)

    def gather(self, task: Task, signature: Signature, count: int) -> None:
        outputs: dict[str, FlatValue | Gone] = {
            output: Items(tuple(Reference(f"{task.name}:{n}", output) for n in range(count)))
            for output in signature.outputs
        }
        self.alias(task, Alias(outputs))

    def loop(self, task: Task, signature: Signature | None) -> None:
        """Run the rounds of a loop."""
        if signature is None:
            self.add(task.round(0, {**task.inputs, **dict.fromkeys(task.each)}))
            self.alias(task, Alias({}, rest=Gone("its type is not known", reported=True)))
            return
        lists = {name: self.resolved(value) for name, value in task.each.items()}
        wrong = check_loop(task, signature, lists, self.lists)
        found = wrong or rounds(task, lists, self.resolved(task.times), self.lists, self.limits)
        if isinstance(found, tuple):
            code, message, input, expected, close = found
            self.report(code, task, message, input, expected, close)
            gone: dict[str, FlatValue | Gone] = dict.fromkeys(
                signature.outputs, Gone(message, reported=True)
            )
            self.alias(task, Alias(gone))
            return
        assert task.loop is not None
        carried: dict[str, FlatValue] = {}
        self.grow(len(found), task.name)
        for number, inputs in enumerate(found):
            if task.loop.index is not None:
                inputs[task.loop.index] = number
            self.add(task.round(number, {**task.inputs, **inputs, **carried}))
            for input, output in task.loop.carry.items():
                carried[input] = Reference(f"{task.name}:{number}", signature.output(output))
        self.gather(task, signature, len(found))
        outputs = dict(self.aliases.named[task.name].outputs)
        for input, output in task.loop.carry.items():
            name = signature.output(output)
            first = task.inputs.get(input, Gone(f"'{task.name}' runs no round"))
            if name is not None:
                outputs[name] = carried.get(input, first)
        self.alias(task, Alias(outputs))

    def subgraph(self, task: Task) -> None:
        """Put a subgraph's nodes in place of a node."""
        graph = self.workflow.subgraphs[task.type]
        for name in task.inputs:
            if name not in graph.inputs:
                self.report(
                    ProblemCode.UNKNOWN_INPUT, task, f"{task.type} has no input '{name}'", name,
                    " | ".join(graph.inputs) or "no inputs", nearest(name, graph.inputs),
                )  # fmt: skip
        given: dict[str, FlatValue | Gone] = {}
        positions: dict[str, Position] = {}
        for name, port in graph.inputs.items():
            place = task.positions.get(name, task.position)
            value: FlatValue | Gone
            if name in task.inputs:
                value = task.inputs[name]
                self.borders.append((task.name, name, port.type, value, place))
            elif port.required:
                self.report(
                    ProblemCode.MISSING_INPUT, task, "the input is missing", name, port.type
                )
                value = Gone(f"the input '{name}' is missing", reported=True)
            else:
                value, place = port.default, port.position
                self.borders.append((task.name, name, port.type, value, place))
            given[name] = value
            if place is not None:
                positions[name] = place
        self.aliases.named[inputs_of(task.name)] = Alias(given, positions)
        outputs: dict[str, FlatValue | Gone] = {}
        for name, out in graph.outputs.items():
            outputs[name] = scoped(out.source, task.name)
            if out.type is not None:
                source = scoped(out.source, task.name)
                self.borders.append((task.name, name, out.type, source, out.position))
        self.alias(task, Alias(outputs))
        self.add_all(graph.nodes, task.name)

    def plain(self, task: Task, signature: Signature | None) -> None:
        """A node as it is, or what a switch that is known already leads to."""
        inputs: dict[str, FlatValue] = {}
        positions, gone, broken = dict(task.positions), {}, set()
        for name, value in task.inputs.items():
            found = self.aliases.resolve(value)
            if found.position is not None:
                positions[name] = found.position
            if not isinstance(found.value, Gone):
                inputs[name] = self.lists.spread(found.value)
            elif found.value.wrong:
                place = positions.get(name)
                self.report(ProblemCode.UNKNOWN_OUTPUT, task, found.value.reason, name, place=place)
                broken.add(name)
            elif found.value.reported:
                broken.add(name)
            else:
                gone[name] = found.value.reason
        chosen = inputs.get("switch")
        if task.type == SWITCH and isinstance(chosen, bool):
            branch = "on_true" if chosen else "on_false"
            lacking = Gone(f"'{task.name}' has nothing at '{branch}'", wrong=True)
            self.alias(task, Alias({}, rest=inputs.get(branch, lacking)))
            return
        if signature is not None:
            self.lists.note_generics(task.name, signature, inputs)
        self.nodes[task.name] = FlatNode(
            task.name, task.type, inputs, task.position, positions, task.title, gone,
            frozenset(broken),
        )  # fmt: skip
