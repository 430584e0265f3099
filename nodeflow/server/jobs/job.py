"""A job: one evaluation of one document, from its acceptance to its end."""

from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta, Struct, field

from nodeflow.server.process.messages import Failure, NodeReport, Shown

State = Literal["queued", "running", "paused", "done", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")


class Chosen(Struct, frozen=True):
    """An input of a node, and the value it has; index: that value's place among a sweep's."""

    node: str
    input: str
    value: Any
    index: Annotated[int, Meta(ge=0, le=1000)]


class Variant(Struct, frozen=True):
    """A job's place in the grid of a sweep, whose id all its jobs have."""

    sweep: Annotated[str, Meta(min_length=1, max_length=64)]
    across: Chosen
    down: Chosen | None = None


class Options(Struct, frozen=True):
    """How to run: only these outputs, again, as a retry; texts for saved pictures.

    lenient: inputs that a node type does not have are left out. extra: what a way in remembers.
    """

    only: tuple[str, ...] = ()
    again: bool = False
    retry_of: str = ""
    metadata: dict[str, str] = {}
    extra: dict[str, Any] = {}
    lenient: bool = False
    variant: Variant | None = None


class Limits(Struct, frozen=True):
    """Of waiting jobs: all, and of one client. deaths: of workers under a job before it fails."""

    queue: int = 10_000
    client: int = 2_000
    deaths: int = 1


class JobError(Struct, frozen=True):
    """Why a job failed as a whole."""

    code: str
    message: str
    node: str = ""
    type: str = ""


class Progress(TypedDict):
    """How far the running node is; left: seconds that it needs about, null if unknown."""

    node: str
    step: int
    total: int
    left: float | None


class Report(Struct, frozen=True):
    """What came of a job: how each node ended, what was made, what failed."""

    nodes: dict[str, NodeReport] = {}
    outputs: dict[str, Shown] = {}
    failures: tuple[Failure, ...] = ()
    error: JobError | None = None
    problems: list[dict[str, Any]] = []
    seconds: float = 0.0


class Submission(Struct, frozen=True):
    """What is asked for. `document` is checked JSON; `id` is the client's choice or empty."""

    document: bytes
    id: str = ""
    user: str = ""
    client: str = ""
    workflow: str = ""
    name: str = ""
    priority: int = 0
    front: bool = False
    options: Options = field(default_factory=Options)


class Wanted(Struct, frozen=True):
    """Which jobs of the past; what is empty does not matter. variants: those of sweeps alone.

    words: what each says, in its document's texts and numbers, its names or its files; lower case.
    """

    user: str
    states: tuple[str, ...]
    client: str = ""
    workflow: str = ""
    variants: bool = False
    words: tuple[str, ...] = ()


class Job(Struct, frozen=True):
    """As it stands now. turn: its place among jobs of its priority, lowest first.

    attempts: how often it was started; deaths: how often its worker died under it.
    """

    number: int
    id: str
    user: str
    client: str
    workflow: str
    name: str
    document: str
    options: Options
    state: State
    priority: int
    turn: float
    created: float
    started: float | None = None
    finished: float | None = None
    attempts: int = 0
    deaths: int = 0
    report: Report = field(default_factory=Report)

    @property
    def order(self) -> tuple[int, float, int]:
        """The key of the queue's order."""
        return (-self.priority, self.turn, self.number)
