"""Many variants of a workflow at once: what they share is computed once.

First what comes before the sampling nodes, one variant after the other; equal nodes have equal
keys, so each is computed once. Then all sampling nodes side by side, in threads, so that they
share network calls and equal beginnings. Then the rest, one after the other.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from nodeflow.engine.events import Event
from nodeflow.engine.run import Engine, RunResult
from nodeflow.node.checked import CheckedWorkflow

Listen = Callable[[int, Event], None]
"""(number of the variant, what happened)."""

WIDTH = 16
"""Variants that sample side by side."""


def sampling_nodes(workflow: CheckedWorkflow) -> set[str]:
    """The nodes that may share network calls; none where lists must be computed first."""
    if workflow.lists:
        return set()
    lanes = {name: node.spec.declaration.lane for name, node in workflow.nodes.items()}
    return {name for name, lane in lanes.items() if lane == "sampling"}


def before(workflow: CheckedWorkflow, sampling: set[str]) -> list[str]:
    """What the first sampling nodes take in: inputs with no sampling above them."""
    below: set[str] = set()
    wanted: list[str] = []
    for name, node in workflow.nodes.items():
        above = {link.node for link in node.links.values()}
        if name in sampling:
            wanted += [other for other in above if other not in below and other not in sampling]
        if above & (below | sampling):
            below.add(name)
    return list(dict.fromkeys(wanted))


def run_sweep(
    engine: Engine,
    variants: Sequence[CheckedWorkflow],
    metadata: Sequence[Mapping[str, str]],
    listen: Listen = lambda number, event: None,
    cancelled: Callable[[], bool] = lambda: False,
    width: int = WIDTH,
) -> list[RunResult]:
    """The result of each variant. Raises Cancelled; failed nodes are in the results."""

    def run(number: int, outputs: Sequence[str] | None) -> RunResult:
        workflow = variants[number]
        if outputs is not None:
            workflow = replace(workflow, outputs=tuple(outputs))
        return engine.run(workflow, lambda e: listen(number, e), cancelled, metadata[number])

    sampling = [sampling_nodes(workflow) for workflow in variants]
    numbers = range(len(variants))
    for number in numbers:
        run(number, before(variants[number], sampling[number]))
    with ThreadPoolExecutor(max(1, min(width, len(variants)))) as pool:
        for done in [pool.submit(run, n, sorted(sampling[n])) for n in numbers if sampling[n]]:
            done.result()
    return [run(number, None) for number in numbers]
