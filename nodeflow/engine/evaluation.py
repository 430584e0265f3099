"""One evaluation: from the outputs up, nodes are looked up, and computed where nothing has them.

A node goes through stages, and is stepped again whenever something it waits for is settled:
LOOK (is its result under its key?), RESOLVE (its inputs are looked up; does a trace have it?),
VALUE (its inputs' values are fetched, or computed where only their digests are known), GATHER
(for a node that became further ones), SETTLED. All of it happens in the calling thread; only
the nodes' own functions may run in lanes.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from nodeflow.engine.events import NodeExpanded, State
from nodeflow.engine.invoke import ChangedInPlace
from nodeflow.engine.lookup import Hit, Lookup
from nodeflow.engine.plan import Plan
from nodeflow.engine.results import Value
from nodeflow.engine.traces import ValueDigest, versions
from nodeflow.node.checked import CheckedNode
from nodeflow.node.expansion import Expansion


class Stage(Enum):
    """How far a node is."""

    LOOK = auto()
    RESOLVE = auto()
    VALUE = auto()
    READY = auto()
    GATHER = auto()
    SETTLED = auto()


@dataclass(slots=True)
class Item:
    """A node in this evaluation.

    asked: the lazy inputs it wants, None while that is open. forced: no cache is looked into.
    holds: it counts among those that use what is before it.
    """

    stage: Stage = Stage.LOOK
    waits: int = 0
    forced: bool = False
    holds: bool = False
    state: State | None = None
    hit: Hit | None = None
    asked: frozenset[str] | None = None
    expansion: Expansion | None = None


@dataclass
class Evaluation:
    """The stages of all nodes; `ready` holds those whose turn to be called has come."""

    plan: Plan
    lookup: Lookup
    again: bool
    keep: Callable[[str], None]
    """Called with each node that has been computed, before others see it."""
    items: dict[str, Item] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    ready: deque[str] = field(default_factory=deque)
    settled: list[tuple[str, str]] = field(default_factory=list)
    events: list[NodeExpanded] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._digests: dict[str, ValueDigest] = {}
        self._marks: dict[str, tuple[int, ...]] = {}
        self._users: defaultdict[str, int] = defaultdict(int)
        self._waiting: defaultdict[str, list[str]] = defaultdict(list)
        self._work: list[str] = []
        self._first: dict[str, str] = {}

    def demand(self, name: str) -> None:
        """Ask for a node's result."""
        if name not in self.items:
            self.items[name] = Item(forced=self.again)
            self._work.append(name)

    def advance(self) -> None:
        """Step until nothing can go on before a node has been called."""
        while self._work:
            name = self._work.pop()
            self._step(name, self.items[name])

    def linked(self, name: str) -> dict[str, object]:
        """The values of a node's linked inputs, by port; what was not asked for is left out."""
        node = self.plan.nodes[name]
        found: dict[str, object] = {}
        for port in self._ports(self.items[name], node):
            link = node.links[port]
            value = self.values[link.node]
            assert isinstance(value, tuple)
            found[port] = value[link.output]
        return found

    def digest(self, name: str) -> ValueDigest | None:
        """The digests of a settled node's result, or None where they cannot be known."""
        found = self._digests.get(name)
        if found is None:
            hit = self.items[name].hit
            known = self.lookup.traces.digests(hit.stored) if hit is not None else None
            if known is not None:
                found = ValueDigest(None, known[0])
            elif self._load(name):
                found = ValueDigest(self.values[name])
            else:
                return None
            self._digests[name] = found
        return found

    def inputs(self, name: str) -> dict[str, tuple[ValueDigest, int]] | None:
        """Digests and output numbers of the linked inputs a node uses, or None."""
        node, found = self.plan.nodes[name], {}
        for port in self._ports(self.items[name], node):
            link = node.links[port]
            digest = self.digest(link.node)
            if digest is None:
                return None
            found[port] = (digest, link.output)
        return found

    def computed(self, name: str, value: Value) -> None:
        """A node's function has given a result."""
        self.values[name] = value
        self._marks[name] = versions(value)
        self._digests[name] = ValueDigest(value)
        self.keep(name)
        self.settle(name, "ran")

    def failed(self, name: str, error: Exception) -> None:
        """A node's function has failed; a value it changed in place is forgotten."""
        if isinstance(error, ChangedInPlace):
            self._spoiled(self.plan.nodes[name].links[error.port].node)
        self.settle(name, "failed")

    def settle(self, name: str, state: State) -> None:
        """A node is done with; those that wait for it go on."""
        item = self.items[name]
        item.stage, item.state = Stage.SETTLED, state
        self.settled.append((name, state))
        if item.holds:
            item.holds = False
            for other in self.plan.upstream(name):
                self._users[other] -= 1
                if self._users[other] <= 0 and other in self.values and self._may_go(other):
                    del self.values[other]
        for waiting in self._waiting.pop(name, ()):
            held = self.items[waiting]
            held.waits -= 1
            if held.waits == 0:
                self._work.append(waiting)

    def _may_go(self, name: str) -> bool:
        """Whether the run need not hold a value: it is no output, and can be had again."""
        if self.plan.nodes[name].spec.declaration.output or self.plan.parts[name].nonce:
            return False
        return self.lookup.results.where(self.plan.keys[name]) is not None

    def _ports(self, item: Item, node: CheckedNode) -> Iterable[str]:
        lazy = node.spec.declaration.lazy
        if not lazy:
            return node.links
        asked = item.asked or ()
        return [port for port in node.links if port not in lazy or port in asked]

    def _step(self, name: str, item: Item) -> None:
        node = self.plan.nodes[name]
        if item.stage is Stage.LOOK:
            first = self._first.setdefault(self.plan.keys[name], name)
            if first != name and not self._wait(name, [first] if self._open(first) else []):
                return
            item.hit = None if item.forced and first == name else self.lookup.by_key(name)
            if item.hit is not None:
                self.settle(name, "cached")
                return
            item.stage = Stage.RESOLVE
            self._hold(name)
        if item.stage is Stage.RESOLVE and not self._resolve(name, item, node):
            return
        if item.stage is Stage.VALUE:
            upstream = {node.links[port].node for port in self._ports(item, node)}
            if self._settled_well(name, upstream) and self._fetched(name, upstream):
                self._ready(name, item, node)
        elif item.stage is Stage.GATHER:
            self._gather(name, item)

    def _hold(self, name: str) -> None:
        self.items[name].holds = True
        for other in self.plan.upstream(name):
            self._users[other] += 1

    def _resolve(self, name: str, item: Item, node: CheckedNode) -> bool:
        """Whether the node has to be called; otherwise it waits, or is settled."""
        while True:
            upstream = {node.links[port].node for port in self._ports(item, node)}
            if not self._settled_well(name, upstream):
                return False
            if node.spec.declaration.needs is None or item.asked is not None:
                break
            if not self._fetched(name, upstream):
                return False
            if not self._ask(name, item, node):
                return False
        if not item.forced:
            inputs = self.inputs(name)
            item.hit = None if inputs is None else self.lookup.by_trace(name, inputs)
            if item.hit is not None:
                self.settle(name, "cached")
                return False
        item.stage = Stage.VALUE
        return True

    def _ask(self, name: str, item: Item, node: CheckedNode) -> bool:
        needs = node.spec.declaration.needs
        assert needs is not None
        lazy = node.spec.declaration.lazy
        known = {port: v for port, v in node.literals.items() if port not in lazy}
        try:
            item.asked = frozenset(needs({**known, **self.linked(name)}))
        except Exception as error:
            self.broken(name, error)
            return False
        return True

    def broken(self, name: str, error: Exception) -> None:
        """A node's own declaration failed; the error is kept for the report."""
        self.errors[name] = error
        self.settle(name, "failed")

    def _settled_well(self, name: str, upstream: Iterable[str]) -> bool:
        """Whether all are settled and none failed; otherwise the node waits or is skipped."""
        if not self._wait(name, [o for o in upstream if self._open(o)]):
            return False
        if any(self.items[other].state in ("failed", "skipped") for other in upstream):
            self.settle(name, "skipped")
            return False
        return True

    def _open(self, name: str) -> bool:
        item = self.items.get(name)
        return item is None or item.stage is not Stage.SETTLED

    def _wait(self, name: str, others: list[str]) -> bool:
        for other in others:
            self._waiting[other].append(name)
            self.items[name].waits += 1
            self.demand(other)
        return not others

    def _fetched(self, name: str, upstream: Iterable[str]) -> bool:
        """Whether the values of settled nodes are here; otherwise they are computed first."""
        missing = [other for other in upstream if not self._load(other)]
        for other in missing:
            item = self.items[other]
            if (other, "cached") in self.settled:
                self.settled.remove((other, "cached"))
            item.stage, item.forced, item.hit, item.state = Stage.RESOLVE, True, None, None
            self._hold(other)
            self._work.append(other)
        return self._wait(name, missing)

    def _load(self, name: str) -> bool:
        if name in self.values:
            if versions(self.values[name]) == self._marks[name]:
                return True
            self._spoiled(name)
            return False
        hit = self.items[name].hit
        stored = self.plan.keys[name] if hit is None else hit.stored
        if hit is not None and hit.tier is None:
            return False
        value = self.lookup.value(name, stored)
        if value is None:
            return False
        self.values[name], self._marks[name] = value, versions(value)
        return True

    def _spoiled(self, name: str) -> None:
        """Somebody changed a value in place: nobody may have it any more."""
        self.values.pop(name, None)
        self._digests.pop(name, None)
        hit = self.items[name].hit
        self.lookup.results.forget(self.plan.keys[name] if hit is None else hit.stored)

    def _ready(self, name: str, item: Item, node: CheckedNode) -> None:
        expand = node.spec.declaration.expand
        if expand is None:
            item.stage = Stage.READY
            self.ready.append(name)
            return
        try:
            item.expansion = expand(node, {**node.literals, **self.linked(name)})
            taken = [new for new in item.expansion.nodes if new in self.plan.nodes]
            if taken and not item.forced:
                raise ValueError(f"it became nodes whose names are taken: {', '.join(taken)}")
            self.plan.add(item.expansion.nodes)
        except Exception as error:
            self.broken(name, error)
            return
        self.events.append(NodeExpanded(name, tuple(item.expansion.nodes)))
        item.stage = Stage.GATHER
        self._gather(name, item)

    def _gather(self, name: str, item: Item) -> None:
        expansion = item.expansion
        assert expansion is not None
        roots = [n for n, node in expansion.nodes.items() if node.spec.declaration.output]
        parts = list(dict.fromkeys([*(link.node for link in expansion.outputs), *roots]))
        givers = [link.node for link in expansion.outputs]
        if not self._settled_well(name, parts) or not self._fetched(name, set(givers)):
            return
        self.computed(name, gathered(expansion, self.values))


def gathered(expansion: Expansion, values: Mapping[str, Value]) -> Value:
    """The outputs of an expanding node out of its parts."""
    found = []
    for link in expansion.outputs:
        value = values[link.node]
        assert isinstance(value, tuple)
        found.append(value[link.output])
    return tuple(found)
