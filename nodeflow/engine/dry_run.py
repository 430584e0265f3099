"""What a run would do, found without computing, writing or reading more than headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from nodeflow.engine.costs import measure_of, work_of
from nodeflow.engine.events import CacheTrouble, Cause, Tier
from nodeflow.engine.explain import Reason, reason_of
from nodeflow.engine.lookup import Hit, Lookup
from nodeflow.engine.memory_cache import Kept
from nodeflow.engine.plan import Plan
from nodeflow.engine.results import Results
from nodeflow.engine.run import Engine
from nodeflow.engine.traces import Traces, ValueDigest
from nodeflow.engine.weights import bytes_of, most_at_once, weights_of
from nodeflow.node.checked import CheckedWorkflow
from nodeflow.node.facts import float_bytes
from nodeflow.node.infer import NOTHING


@dataclass(frozen=True, slots=True)
class NodePlan:
    """A node: run it (unless what is before it gives the same bytes), or reuse its result.

    seconds: as earlier runs of its type, by the work there is; bytes: of its outputs; weights:
    bytes of those that it needs in memory. None where that is not known.
    """

    type: str
    action: Literal["run", "reuse"]
    cause: Cause
    reason: str
    tier: Tier | None = None
    age: float | None = None
    seconds: float | None = None
    bytes: int | None = None
    weights: int | None = None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Something at a node's input, or at the node, that a run allows."""

    node: str
    input: str | None
    message: str
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """All nodes of a plan in order, the sums of what is known, and how many costs are not.

    bytes: of results. weights: bytes of those that are in memory at once, at most, from the headers
    of model files; unweighed: of how many nodes they are not known. warnings: what nodes foresee
    that is worth knowing, each with its node.
    """

    nodes: Mapping[str, NodePlan]
    outputs: tuple[str, ...]
    seconds: float
    bytes: int
    unknown: int
    warnings: tuple[Foreseen, ...] = ()
    weights: int = 0
    unweighed: int = 0


def dry_run(
    engine: Engine, workflow: CheckedWorkflow, again: bool = False,
    elsewhere: Mapping[str, Kept] = MappingProxyType({}),
) -> DryRun:  # fmt: skip
    """What `engine.run` would do now. Lazy inputs that values decide are taken as asked for.

    elsewhere: what the memory holds of the process that would run it, where that is not this one.
    """
    plan = engine.plan(workflow)
    troubles: list[CacheTrouble] = []
    results = Results(engine.memory, engine.disk, troubles.append, elsewhere)
    lookup = Lookup(plan, results, engine.traces, engine.disk, dry=True)
    hits, runs = decided(plan, lookup, engine.traces, again)
    means = engine.costs.seconds()
    nodes: dict[str, NodePlan] = {}
    weights = {name: weights_of(plan, name) for name in plan.nodes if name in runs}
    for name, node in plan.nodes.items():
        kind, hit = node.spec.id, hits.get(name)
        if name in runs:
            mean, work = means.get(measure_of(node.spec)), work_of(plan, name)
            seconds = None if mean is None or work is None else mean * work
            sizes = [float_bytes(f) for f in workflow.inferred.get(name, NOTHING).facts.values()]
            known = [size for size in sizes if size is not None]
            why = reason_of(plan, name, lookup, engine.history, workflow.source or "")
            why = Reason("again", "asked to run again") if again else why
            needs = weights[name]
            nodes[name] = NodePlan(
                kind, "run", why.cause, why.text, None, None, seconds,
                sum(known) if known else None,
                None if needs is None else bytes_of(needs, engine.device),
            )  # fmt: skip
        elif hit is not None:
            nodes[name] = NodePlan(kind, "reuse", hit.cause, hit.reason, hit.tier, hit.age)
        else:
            nodes[name] = NodePlan(kind, "reuse", "not needed", "nothing after it runs")
    costs = [nodes[name] for name in nodes if name in runs]
    return DryRun(
        nodes,
        plan.outputs,
        sum(node.seconds or 0.0 for node in costs),
        sum(node.bytes or 0 for node in costs),
        sum(node.seconds is None for node in costs),
        warnings_of(workflow),
        most_at_once([needs for needs in weights.values() if needs is not None], engine.device),
        sum(needs is None for needs in weights.values()),
    )


def warnings_of(workflow: CheckedWorkflow) -> tuple[Foreseen, ...]:
    """What nodes foresee, in order."""
    return tuple(
        Foreseen(name, problem.input, problem.message, problem.expected)
        for name, info in workflow.inferred.items()
        for problem in info.warnings
    )


def decided(
    plan: Plan, lookup: Lookup, traces: Traces, again: bool
) -> tuple[dict[str, Hit], set[str]]:
    """Which nodes are reused and which run."""
    hits: dict[str, Hit] = {}
    seen: set[str] = set()

    def look(roots: list[str]) -> None:
        stack = list(roots)
        while stack:
            name = stack.pop()
            if name in seen:
                continue
            seen.add(name)
            hit = None if again else lookup.by_key(name)
            if hit is not None:
                hits[name] = hit
            else:
                stack.extend(plan.upstream(name))

    look(list(plan.outputs))
    for name in plan.nodes:
        if name in seen and name not in hits and not again:
            hit = traced(plan, name, hits, lookup, traces)
            if hit is not None:
                hits[name] = hit
    runs: set[str] = set()
    wanted = set(plan.outputs)
    for name in reversed(plan.nodes):
        if name not in wanted or (name in hits and hits[name].tier is not None):
            continue
        hits.pop(name, None)
        runs.add(name)
        look(plan.upstream(name))
        wanted.update(plan.upstream(name))
    return hits, runs


def traced(
    plan: Plan, name: str, hits: Mapping[str, Hit], lookup: Lookup, traces: Traces
) -> Hit | None:
    """A hit by what is known of the inputs."""
    inputs = {}
    for port, link in plan.nodes[name].links.items():
        hit = hits.get(link.node)
        known = None if hit is None else traces.digests(hit.stored)
        if known is None:
            return None
        inputs[port] = (ValueDigest(None, known[0]), link.output)
    return lookup.by_trace(name, inputs)
