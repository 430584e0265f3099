"""How much memory the weights take that a run needs, foreseen from the headers of its files."""

from collections.abc import Collection, Iterable

from nodeflow.diffusion.precision import BUDGET, number_bytes
from nodeflow.engine.plan import Plan
from nodeflow.node.facts import Weights
from nodeflow.node.infer import NOTHING


def weights_of(plan: Plan, name: str) -> tuple[Weights, ...] | None:
    """What must be in memory while a node runs; None where that is not known."""
    declaration = plan.nodes[name].spec.declaration
    if declaration.expand is not None:
        return None
    if declaration.lane == "cpu":
        return ()
    return plan.workflow.inferred.get(name, NOTHING).weights


def bytes_of(weights: Iterable[Weights], device: str) -> int:
    """Bytes in memory, each counted once."""
    narrow = number_bytes(device)
    return sum(found.count * (4 if found.full else narrow) for found in set(weights))


def most_at_once(nodes: Collection[Iterable[Weights]], device: str) -> int:
    """Bytes of the weights that are in memory at once: of all nodes, as far as the budget goes
    within which they stay, and of one node whatever it takes."""
    every = bytes_of((found for weights in nodes for found in weights), device)
    largest = max((bytes_of(weights, device) for weights in nodes), default=0)
    return max(largest, min(every, BUDGET))
