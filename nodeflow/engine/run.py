"""Running checked workflows: the engine, and what a run gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from nodeflow.engine.costs import Costs
from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.domain import NumericsDomain
from nodeflow.engine.events import Event, NodeFinished
from nodeflow.engine.failure import NodeFailure
from nodeflow.engine.fingerprint import Fingerprints
from nodeflow.engine.history import History
from nodeflow.engine.known_lists import with_known_lists
from nodeflow.engine.ledger import Ledger
from nodeflow.engine.memory_cache import MemoryCache
from nodeflow.engine.plan import LastPlan, Plan
from nodeflow.engine.recordings import StepRecordings
from nodeflow.engine.traces import Traces
from nodeflow.node.artifact import Artifacts
from nodeflow.node.checked import CheckedWorkflow
from nodeflow.node.context import Previews, Resources

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
    """Evaluates workflows and keeps their results between runs. Several may run at a time.

    company: how samplings of several runs share network calls, where that changes bits.
    previews: how nodes make pictures of what is in progress, if at all.
    """

    device: str = "cpu"
    disk: DiskCache | None = None
    memory: MemoryCache = field(default_factory=MemoryCache)
    resources: Resources = field(default_factory=Resources)
    company: str = ""
    previews: Previews = "none"

    def __post_init__(self) -> None:
        self.fingerprints = Fingerprints(self.disk)
        self.recordings = StepRecordings(self.disk.folder if self.disk else None)
        self.ledger = Ledger(self.disk)
        self.traces = Traces(self.ledger)
        self.costs = Costs(self.ledger, self.device)
        self.history = History(self.disk)
        self.last_plan = LastPlan()
        self.seconds_of: dict[str, float] = {}

    def plan(self, workflow: CheckedWorkflow) -> Plan:
        """The keys of a workflow's nodes on this engine's device."""
        domain = NumericsDomain.of(self.device, self.company)
        return self.last_plan.plan(workflow, domain, self.fingerprints)

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
        result = self.evaluate(
            workflow, listener, cancelled, {} if metadata is None else metadata, again
        )
        kept = {name: node for name, node in earlier.items() if name in result.nodes}
        return replace(result, nodes={**result.nodes, **kept}) if kept else result

    def evaluate(
        self, workflow: CheckedWorkflow, listener: Listener, cancelled: Callable[[], bool],
        metadata: Mapping[str, str], again: bool,
    ) -> RunResult:  # fmt: skip
        """Evaluate a workflow all of whose lists are known."""
        from nodeflow.engine.running import Running

        running = Running(self, self.plan(workflow), listener, cancelled, metadata, again)
        try:
            return running.run()
        finally:
            running.close()
