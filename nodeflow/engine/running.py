"""Driving an evaluation: nodes are called, here or in a lane, kept, and reported.

A node runs in the calling thread where nothing could run beside it, or where its type is known
to take less than a hop to a thread costs; otherwise it goes to its lane.
"""

import gc
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from nodeflow.engine.artifacts import keep_bytes
from nodeflow.engine.costs import measure_of, work_of
from nodeflow.engine.evaluation import Evaluation
from nodeflow.engine.events import (
    CacheTrouble,
    MemoryFreed,
    NodeFinished,
    NodeProgress,
    NodeRetried,
    NodeStarted,
)
from nodeflow.engine.explain import Reason, reason_of
from nodeflow.engine.failure import NodeFailure, failure_of, out_of_memory
from nodeflow.engine.invoke import Call, FileReplaced, Outcome, weights_files
from nodeflow.engine.keys import file_of
from nodeflow.engine.lanes import ASYNC, CPU, Ended, Lanes
from nodeflow.engine.lookup import Lookup
from nodeflow.engine.pace import Pace
from nodeflow.engine.plan import Plan
from nodeflow.engine.recordings import Session
from nodeflow.engine.results import Results
from nodeflow.engine.run import Listener, RunResult
from nodeflow.engine.traces import Computed
from nodeflow.node.artifact import Artifacts
from nodeflow.node.checked import CheckedNode
from nodeflow.node.context import Cancelled, RunContext

if TYPE_CHECKING:
    from nodeflow.engine.run import Engine

HOP = 0.002
"""Seconds below which a node is not worth a thread."""
POLL = 0.05
"""Seconds between two looks at whether the run was cancelled."""


class Running:
    """One run of one plan."""

    def __init__(
        self, engine: "Engine", plan: Plan, listener: Listener, cancelled: Callable[[], bool],
        metadata: Mapping[str, str], again: bool,
    ) -> None:  # fmt: skip
        self.engine, self.plan, self.listener, self.cancelled = engine, plan, listener, cancelled
        self.results = Results(engine.memory, engine.disk, listener)
        self.lookup = Lookup(plan, self.results, engine.traces, engine.disk, dry=False)
        self.evaluation = Evaluation(plan, self.lookup, again, self.keep)
        self.began = time.monotonic()
        self.lanes = Lanes()
        self.source = plan.workflow.source or ""
        self.finished: dict[str, NodeFinished] = {}
        self.failures: list[NodeFailure] = []
        self.errors: dict[str, Exception] = {}
        self.seconds: dict[str, float] = {}
        self.typical: dict[str, float] = {}
        self.sessions: dict[str, Session] = {}
        self.relieved: set[str] = set()
        self.context = RunContext(
            device=engine.device,
            folders=plan.workflow.folders,
            resources=engine.resources,
            metadata=metadata,
            fingerprint=engine.fingerprints,
            cancelled=cancelled,
            previews=engine.previews,
        )

    def run(self) -> RunResult:
        """Evaluate all outputs. Raises Cancelled."""
        evaluation = self.evaluation
        for name in reversed(self.plan.outputs):
            evaluation.demand(name)
        while True:
            evaluation.advance()
            self.report()
            if not evaluation.ready and not self.lanes.busy:
                break
            if self.cancelled():
                self.drain()
                raise Cancelled
            if not self.dispatch():
                self.wait()
        unneeded = Reason("not needed", "nothing after it ran")
        for name in self.plan.nodes:
            if name not in self.finished:
                self.finish(name, "cached", unneeded)
        seconds = time.monotonic() - self.began
        nodes = {name: self.finished[name] for name in self.plan.nodes}
        return RunResult(self.outputs(), nodes, tuple(self.failures), seconds)

    def outputs(self) -> dict[str, Artifacts]:
        """What the output nodes made, now or earlier."""
        made = ((name, self.finished[name].artifacts) for name in self.plan.nodes)
        return {name: value for name, value in made if value is not None}

    def dispatch(self) -> bool:
        """Start what can start; whether a node has run right here."""
        ready = self.evaluation.ready
        for _ in range(len(ready)):
            name = ready.popleft()
            lane = self.lane(name)
            spec = self.plan.nodes[name].spec
            alone = not ready and not self.lanes.busy
            cheap = lane == CPU and self.engine.seconds_of.get(spec.id, HOP) < HOP
            if lane != ASYNC and (alone or cheap):
                self.here(name)
                return True
            if self.lanes.free(lane):
                call = self.call(name, beside=True)
                self.begin(name)
                self.lanes.start(lane, name, call.asynchronously if lane == ASYNC else call)
            else:
                ready.append(name)
        return False

    def lane(self, name: str) -> str:
        """Where a node runs."""
        spec = self.plan.nodes[name].spec
        if spec.asynchronous:
            return ASYNC
        return self.engine.device if spec.declaration.lane == "device" else CPU

    def begin(self, name: str) -> None:
        """Say that a node starts."""
        self.listener(NodeStarted(name, self.plan.nodes[name].spec.id))

    def here(self, name: str) -> None:
        """Run a node in this thread."""
        call = self.call(name, beside=False)
        self.begin(name)
        try:
            outcome: object = call()
        except Exception as error:
            outcome = error
        self.ended(name, outcome)

    def wait(self) -> None:
        """Take one message from the lanes."""
        if not self.lanes.busy:
            return
        message = self.lanes.next(POLL)
        if isinstance(message, Ended):
            if isinstance(message.outcome, BaseException) and not isinstance(
                message.outcome, Exception
            ):
                self.drain()
                raise message.outcome
            self.ended(message.node, message.outcome)
        elif message is not None:
            self.listener(message)

    def drain(self) -> None:
        """Cancelled: wait for what runs; what still finishes is kept."""
        self.lanes.cancel()
        while self.lanes.busy:
            message = self.lanes.next(POLL)
            if isinstance(message, Ended) and isinstance(message.outcome, Outcome):
                self.ended(message.node, message.outcome)
        self.report()

    def call(self, name: str, beside: bool) -> Call:
        """A node with all that it needs."""
        node = self.plan.nodes[name]
        say = self.lanes.tell if beside else self.listener
        context = self.context
        if node.spec.context is not None:
            session = self.engine.recordings.session(self.plan.parts[name].domain)
            self.sessions[name] = session
            pace = Pace()
            context = replace(
                context,
                node=name,
                recordings=session,
                on_progress=lambda p: say(
                    NodeProgress(name, p.step, p.total, p.preview, pace.left(p.step, p.total))
                ),
            )
        linked = self.evaluation.linked(name)
        return Call(
            node,
            linked,
            context,
            lambda error: say(NodeRetried(name, node.spec.id, str(error))),
            lambda: self.unchanged(name, node, linked),
        )

    def unchanged(self, name: str, node: CheckedNode, linked: Mapping[str, object]) -> None:
        """Raise FileReplaced where a file that the node read is not what its key says."""
        digests = self.plan.parts[name].files
        files = [(file_of(node, port, self.plan.workflow.folders), digests[port])
                 for port in digests]  # fmt: skip
        for value in linked.values():
            files += weights_files(value)
        for path, digest in files:
            if path is not None and self.plan.fingerprint(path) != digest:
                raise FileReplaced(f"{path} was replaced while the workflow ran; run it again")

    def ended(self, name: str, outcome: object) -> None:
        """A node's function has returned or raised."""
        if isinstance(outcome, Exception):
            if out_of_memory(outcome) and name not in self.relieved:
                self.relieve(name)
                return
            self.errors[name] = outcome
            self.evaluation.failed(name, outcome)
            return
        assert isinstance(outcome, Outcome)
        self.seconds[name] = outcome.seconds
        if not outcome.loading:
            self.typical[name] = outcome.seconds
            self.engine.seconds_of[self.plan.nodes[name].spec.id] = outcome.seconds
        self.evaluation.computed(name, outcome.value)

    def relieve(self, name: str) -> None:
        """Memory ran out: give up all that can be had again, and try once more."""
        self.relieved.add(name)
        self.engine.memory.clear()
        released = self.engine.resources.release()
        gc.collect()
        said = f"caches and {released} of loaded models were let go" if released else "caches"
        self.listener(MemoryFreed(name, said))
        self.evaluation.ready.append(name)

    def report(self) -> None:
        """Say how nodes ended, and keep what they made."""
        evaluation = self.evaluation
        for event in evaluation.events:
            self.listener(event)
        evaluation.events.clear()
        settled, evaluation.settled = evaluation.settled, []
        for name, state in settled:
            item = evaluation.items[name]
            if state == "ran":
                reason = self.reason(name)
                said = self.sessions[name].said() if name in self.sessions else ""
                text = "; ".join(filter(None, (reason.text, said)))
                self.finish(name, "ran", Reason(reason.cause, text))
            elif state == "cached":
                assert item.hit is not None
                self.finish(name, "cached", Reason(item.hit.cause, item.hit.reason))
            elif state == "failed":
                self.fail(name)
            else:
                bad = self.blame(name)
                self.finish(name, "skipped", Reason("upstream failed", f"'{bad}' before it failed"))

    def blame(self, name: str) -> str:
        """The first node before one that failed or was skipped."""
        items, expansion = self.evaluation.items, self.evaluation.items[name].expansion
        before: list[str] = [*self.plan.upstream(name), *(expansion.nodes if expansion else ())]
        states = {other: items[other].state for other in before if other in items}
        return next(other for other in before if states.get(other) in ("failed", "skipped"))

    def keep(self, name: str) -> None:
        """Remember a new result and its trace."""
        part, spec = self.plan.parts[name], self.plan.nodes[name].spec
        value, key = self.evaluation.values[name], self.plan.keys[name]
        digest = self.evaluation.digest(name)
        if part.nonce:
            return
        seconds = self.seconds.get(name, 0.0)
        self.results.keep(key, spec.id, value, seconds, spec.declaration.store)
        inputs = self.evaluation.inputs(name)
        if digest is not None and inputs is not None:
            self.engine.traces.record(Computed(key, part.identity(), digest, inputs))

    def fail(self, name: str) -> None:
        """Report a failure."""
        error = self.errors.get(name) or self.evaluation.errors[name]
        kind = self.plan.nodes[name].spec.id
        holders = [*self.engine.memory.holdings(), *self.engine.resources.holdings()]
        failure = failure_of(name, kind, error, holders if name in self.relieved else [])
        self.failures.append(failure)
        self.finish(name, "failed", Reason("failed", failure.message))

    def reason(self, name: str) -> Reason:
        """Why a node ran."""
        if self.evaluation.again:
            return Reason("again", "asked to run again")
        return reason_of(self.plan, name, self.lookup, self.engine.history, self.source)

    def finish(self, name: str, state: str, reason: Reason) -> None:
        """Note and tell how a node ended."""
        item = self.evaluation.items.get(name)
        hit = item.hit if item is not None else None
        made = self.evaluation.values.get(name)
        event = NodeFinished(
            name, self.plan.nodes[name].spec.id, state, self.seconds.get(name, 0.0),  # type: ignore[arg-type]
            reason.text, reason.cause, hit.tier if hit else None, hit.age if hit else None,
            made if isinstance(made, Artifacts) else hit.artifacts if hit else None,
        )  # fmt: skip
        self.finished[name] = event
        self.listener(event)

    def close(self) -> None:
        """Let the writers finish, and note the keys for the next run's explanations."""
        self.lanes.close()
        self.engine.traces.finish()
        kept = self.results.finish()
        ran = [name for name, event in self.finished.items() if event.state == "ran"]
        if kept:
            for name in ran:
                if name in self.sessions:
                    self.sessions[name].release()
        self.engine.recordings.finish()
        parts = {
            name: part
            for name, part in self.plan.parts.items()
            if name in self.finished and self.finished[name].state in ("ran", "cached")
        }
        self.engine.costs.note(
            (measure_of(self.plan.nodes[name].spec), self.typical[name] / work)
            for name in ran
            if name in self.typical and (work := work_of(self.plan, name))
        )
        try:
            self.engine.history.remember(self.source, parts, self.plan.keys)
            self.keep_files(ran)
        except (OSError, sqlite3.Error) as error:
            self.listener(CacheTrouble(f"the disk cache cannot be written: {error}"))

    def keep_files(self, ran: list[str]) -> None:
        """Keep the bytes of new files, so that they can be put back."""
        disk = self.engine.disk
        for name in ran if disk is not None and disk.writable else []:
            value = self.evaluation.values.get(name)
            if isinstance(value, Artifacts) and value.files and not self.plan.parts[name].nonce:
                assert disk is not None
                seconds = self.seconds.get(name, 0.0)
                keep_bytes(value, self.plan.workflow.folders, disk, seconds)
