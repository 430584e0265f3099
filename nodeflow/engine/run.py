"""Running a checked workflow: look up, compute what is missing, remember."""

import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

from nodeflow.engine.artifacts import missing_file
from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.domain import NumericsDomain
from nodeflow.engine.events import CacheTrouble, Event, NodeFinished, NodeProgress, NodeStarted
from nodeflow.engine.explain import cause
from nodeflow.engine.failure import NodeFailure, failure_of
from nodeflow.engine.fingerprint import Fingerprints
from nodeflow.engine.known_lists import with_known_lists
from nodeflow.engine.memory_cache import MemoryCache
from nodeflow.engine.plan import Plan, make_plan
from nodeflow.engine.recordings import Session, StepRecordings
from nodeflow.engine.results import Results, Value
from nodeflow.node.artifact import Artifacts
from nodeflow.node.check import CheckedNode, CheckedWorkflow
from nodeflow.node.context import Cancelled, Resources, RunContext
from nodeflow.values import structured

Listener = Callable[[Event], None]


@dataclass(frozen=True)
class RunResult:
    """What a run made: artifacts by output node, how each node ended, failures, seconds."""

    outputs: Mapping[str, Artifacts]
    nodes: Mapping[str, NodeFinished]
    failures: tuple[NodeFailure, ...]
    seconds: float


@dataclass
class Engine:
    """Evaluates workflows and keeps their results between runs.

    company: how samplings of several runs share network calls, where that changes bits.
    previews: whether nodes make pictures of what is in progress.
    """

    device: str = "cpu"
    disk: DiskCache | None = None
    memory: MemoryCache = field(default_factory=MemoryCache)
    resources: Resources = field(default_factory=Resources)
    company: str = ""
    previews: bool = False

    def __post_init__(self) -> None:
        self.fingerprints = Fingerprints(self.disk)
        self.recordings = StepRecordings(self.disk.folder if self.disk else None)

    def plan(self, workflow: CheckedWorkflow) -> Plan:
        """The keys of a workflow's nodes on this engine's device."""
        return make_plan(workflow, NumericsDomain.of(self.device, self.company), self.fingerprints)

    def run(
        self,
        workflow: CheckedWorkflow,
        listener: Listener = lambda event: None,
        cancelled: Callable[[], bool] = lambda: False,
        metadata: Mapping[str, str] | None = None,
        again: bool = False,
    ) -> RunResult:
        """Evaluate all outputs. Raises Cancelled; a failed node is in the result.

        `metadata`: text chunks for saved files. `again`: compute even what the cache holds.
        """
        earlier: dict[str, NodeFinished] = {}

        def lengths(part: CheckedWorkflow) -> Mapping[str, Artifacts]:
            result = self.evaluate(part, listener, cancelled, {}, False)
            earlier.update(
                {name: node for name, node in result.nodes.items() if node.state == "ran"}
            )
            return result.outputs

        workflow = with_known_lists(workflow, lengths)
        result = self.evaluate(workflow, listener, cancelled, metadata or {}, again)
        kept = {name: node for name, node in earlier.items() if name in result.nodes}
        return replace(result, nodes={**result.nodes, **kept}) if kept else result

    def evaluate(
        self, workflow: CheckedWorkflow, listener: Listener, cancelled: Callable[[], bool],
        metadata: Mapping[str, str], again: bool,
    ) -> RunResult:  # fmt: skip
        """Evaluate a workflow all of whose lists are known."""
        run = _Run(self, self.plan(workflow), listener, cancelled, metadata, again)
        try:
            return run.evaluate()
        finally:
            run.close()


class _Run:
    def __init__(
        self, engine: Engine, plan: Plan, listener: Listener, cancelled: Callable[[], bool],
        metadata: Mapping[str, str], again: bool,
    ) -> None:  # fmt: skip
        self.engine, self.plan, self.listener = engine, plan, listener
        self.nodes = plan.workflow.nodes
        self.cancelled, self.again = cancelled, again
        self.results = Results(engine.memory, engine.disk, listener)
        self.began = time.monotonic()
        self.values: dict[str, Value] = {}
        self.on_disk: set[str] = set()
        self.finished: dict[str, NodeFinished] = {}
        self.failures: list[NodeFailure] = []
        self.gone: dict[str, str] = {}
        self.sessions: dict[str, Session] = {}
        self.context = RunContext(
            device=engine.device,
            folders=plan.workflow.folders,
            resources=engine.resources,
            metadata=metadata,
            fingerprint=engine.fingerprints,
            cancelled=cancelled,
            previews=engine.previews,
        )
        source = plan.workflow.source
        self.source = source or ""
        self.last = engine.disk.last_keys(self.source) if engine.disk else {}

    def evaluate(self) -> RunResult:
        needed = self.find_needed()
        users = self.count_users(needed)
        for name in self.plan.keys:
            if name in needed:
                self.compute(name)
                for other in self.plan.upstream(name):
                    users[other] -= 1
                    if users[other] == 0 and other not in self.plan.workflow.outputs:
                        self.values.pop(other, None)
            elif name not in self.finished:
                self.finish(name, "cached", 0.0, "nothing that needs it had to run")
        outputs = {
            name: value
            for name in self.plan.workflow.outputs
            if isinstance(value := self.values.get(name), Artifacts)
        }
        seconds = time.monotonic() - self.began
        return RunResult(outputs, self.finished, tuple(self.failures), seconds)

    def find_needed(self) -> set[str]:
        """Walk up from the outputs; stop wherever a cache holds the result."""
        needed: set[str] = set()
        seen = set(self.plan.workflow.outputs)
        stack = list(self.plan.workflow.outputs)
        while stack:
            name = stack.pop()
            if not self.again and self.look_up(name):
                continue
            needed.add(name)
            for other in self.plan.upstream(name):
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        return needed

    def count_users(self, needed: set[str]) -> dict[str, int]:
        users: dict[str, int] = dict.fromkeys(self.plan.keys, 0)
        for name in needed:
            for other in self.plan.upstream(name):
                users[other] += 1
        return users

    def look_up(self, name: str) -> bool:
        """Find a result in memory or on disk; tensors on disk are read only when used."""
        key, declaration = self.plan.keys[name], self.nodes[name].spec.declaration
        value, where = self.results.in_memory(key), "in memory"
        if value is None and declaration.store:
            where = "on disk"
            if not declaration.output:
                if not self.results.is_on_disk(key):
                    return False
                self.on_disk.add(name)
            else:
                value = self.results.read(key)
        if name not in self.on_disk:
            if value is None or not self.still_there(name, value):
                return False
            self.values[name] = value
        self.finish(name, "cached", 0.0, f"same inputs, {where}")
        return True

    def still_there(self, name: str, value: object) -> bool:
        if not isinstance(value, Artifacts):
            return True
        gone = missing_file(value, self.plan.workflow.folders)
        if gone is not None:
            self.gone[name] = gone
        return gone is None

    def value_of(self, name: str) -> Value:
        """A result for use: from this run, the disk, or computed now where the disk failed."""
        if name not in self.values:
            value = self.results.read(self.plan.keys[name]) if name in self.on_disk else None
            if value is None:
                self.compute(name)
            else:
                self.values[name] = value
        return self.values[name]

    def make_available(self, name: str) -> None:
        """Compute, first things first, what a node needs and no cache could give after all."""
        stack = [name]
        while stack:
            current = stack[-1]
            missing = [
                other
                for other in self.plan.upstream(current)
                if other not in self.values and not self.readable(other)
                and self.finished_state(other) not in ("failed", "skipped")
            ]  # fmt: skip
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            if current != name and current not in self.values:
                self.execute(current)

    def readable(self, name: str) -> bool:
        if name not in self.on_disk:
            return False
        value = self.results.read(self.plan.keys[name])
        if value is None:
            self.on_disk.discard(name)
            return False
        self.values[name] = value
        return True

    def finished_state(self, name: str) -> str | None:
        finished = self.finished.get(name)
        return finished.state if finished else None

    def compute(self, name: str) -> None:
        if name in self.values or self.finished_state(name) in ("failed", "skipped"):
            return
        self.make_available(name)
        self.execute(name)

    def execute(self, name: str) -> None:
        """Run one node whose inputs are there, or skip it where one of them failed."""
        node = self.nodes[name]
        bad = next(
            (
                o
                for o in self.plan.upstream(name)
                if self.finished_state(o) in ("failed", "skipped")
            ),
            None,
        )
        if bad is not None:
            self.finish(name, "skipped", 0.0, f"'{bad}' before it failed")
            return
        if self.cancelled():
            raise Cancelled
        self.listener(NodeStarted(name, node.spec.id))
        began = time.monotonic()
        arguments = self.arguments(node)
        versions = [
            (tensor, tensor._version, port)
            for port, value in arguments.items()
            for tensor in structured.tensors(value)
        ]
        try:
            value = self.pack(node, node.spec.function(**arguments))
            changed = next((port for tensor, v, port in versions if tensor._version != v), None)
            if changed is not None:
                raise ValueError(f"it changed its input '{changed}' in place")
        except Exception as error:
            failure = failure_of(name, node.spec.id, error)
            self.failures.append(failure)
            self.finish(name, "failed", time.monotonic() - began, failure.message)
            return
        seconds = time.monotonic() - began
        self.values[name] = value
        self.remember(name, value, seconds)
        recorded = self.sessions[name].said() if name in self.sessions else ""
        self.finish(name, "ran", seconds, "; ".join(filter(None, (self.reason(name), recorded))))

    def arguments(self, node: CheckedNode) -> dict[str, object]:
        arguments: dict[str, object] = {}
        for port in node.spec.inputs:
            link = node.links.get(port.name)
            if link is None:
                arguments[port.parameter] = node.literals[port.name]
            else:
                value = self.value_of(link.node)
                assert isinstance(value, tuple)
                arguments[port.parameter] = value[link.output]
        if node.spec.context is not None:
            report = self.listener
            arguments[node.spec.context] = replace(
                self.context,
                node=node.name,
                recordings=self.session(node.name),
                on_progress=lambda p: report(NodeProgress(node.name, p.step, p.total, p.preview)),
            )
        return arguments

    def session(self, name: str) -> Session:
        self.sessions[name] = self.engine.recordings.session(self.plan.parts[name].domain)
        return self.sessions[name]

    @staticmethod
    def pack(node: CheckedNode, returned: object) -> Value:
        if isinstance(returned, Artifacts):
            return returned
        if not node.spec.outputs:
            return Artifacts()
        if not node.spec.several:
            return (returned,)
        if not isinstance(returned, tuple) or len(returned) != len(node.spec.outputs):
            raise ValueError(f"it returned {type(returned).__name__}, not its named outputs")
        return tuple(returned)

    def remember(self, name: str, value: Value, seconds: float) -> None:
        declaration = self.nodes[name].spec.declaration
        if declaration.pure:
            key = self.plan.keys[name]
            self.results.keep(key, declaration.id, value, seconds, declaration.store)

    def reason(self, name: str) -> str:
        if self.again:
            return "asked to run again"
        if name in self.gone:
            return f"its file {self.gone[name]} is gone or changed"
        declaration = self.nodes[name].spec.declaration
        if not declaration.store and declaration.pure:
            return "too cheap to keep"
        disk = self.engine.disk
        before = disk.last_parts(self.source, name) if disk else None
        return cause(self.plan.parts[name], before, self.last.get(name) == self.plan.keys[name])

    def finish(self, name: str, state: str, seconds: float, reason: str) -> None:
        node = self.nodes[name]
        event = NodeFinished(name, node.spec.id, state, seconds, reason)  # type: ignore[arg-type]
        self.finished[name] = event
        self.listener(event)

    def close(self) -> None:
        """Let the writer finish, and note the keys for the next run's explanations."""
        if self.results.finish():
            for name, session in self.sessions.items():
                if self.finished_state(name) == "ran":
                    session.release()
        self.engine.recordings.finish()
        disk = self.engine.disk
        if disk is None:
            return
        try:
            rows = [
                (name, key, json.dumps(asdict(self.plan.parts[name]), sort_keys=True))
                for name, key in self.plan.keys.items()
                if self.last.get(name) != key and self.finished_state(name) in ("ran", "cached")
            ]
            if rows:
                disk.remember_last(self.source, rows)
            if any(event.state == "ran" for event in self.finished.values()):
                disk.trim()
        except (OSError, sqlite3.Error) as error:
            self.listener(CacheTrouble(f"the disk cache cannot be written: {error}"))
