"""What node types cost in earlier runs, for estimates."""

from collections.abc import Iterable

from nodeflow.engine.ledger import Ledger
from nodeflow.engine.plan import Plan
from nodeflow.node.infer import NOTHING
from nodeflow.node.spec import NodeSpec

NEWEST = 0.3
"""Share of a new measurement in the mean."""
FALL = 0.5
"""Share of the mean below which a measurement takes its place: what was slow before, a busy machine
or weights that were not in memory yet, says nothing of now."""
NOTE = (
    "insert into costs values (?, ?, ?) on conflict do update set seconds = case "
    f"when excluded.seconds < {FALL} * seconds then excluded.seconds "
    f"else {1 - NEWEST} * seconds + {NEWEST} * excluded.seconds end"
)


def work_of(plan: Plan, name: str) -> float | None:
    """How much a node has to do, in its type's own unit; None where that is not known."""
    return plan.workflow.inferred.get(name, NOTHING).work


def measure_of(spec: NodeSpec) -> str:
    """The name of a node type's costs: by work or by run, and of which version."""
    unit = "run" if spec.declaration.infer is None else "work"
    return f"{spec.id} {spec.declaration.version} {unit}"


class Costs:
    """Seconds per unit of work by node type, on one device."""

    def __init__(self, ledger: Ledger, device: str) -> None:
        self._ledger, self._device = ledger, device.split(":")[0]

    def note(self, measured: Iterable[tuple[str, float]]) -> None:
        """Add (measure, seconds per unit of work), the last of each type."""
        rows = [(kind, self._device, seconds) for kind, seconds in dict(measured).items()]
        if rows:
            self._ledger.write([(NOTE, rows)])

    def seconds(self) -> dict[str, float]:
        """The means by measure."""
        query = "select type, seconds from costs where device = ?"
        return dict(self._ledger.rows(query, (self._device,)))
