"""What the server and its processes say to each other. Every message is one frozen struct."""

from typing import Literal, TypeAlias

from msgspec import Struct

from nodeflow.engine.memory_cache import Kept
from nodeflow.node.context import Previews
from nodeflow.server.process.questions import AnyQuestion


class Message(Struct, frozen=True, tag=True, tag_field="message"):
    """Encoded as MessagePack with the class's name as tag."""


class Places(Struct, frozen=True):
    """Folders as text: output, input, temp; model roots, by a folder in which each kind has its
    own, looked up whenever it is used, or as kind → folders; plugin folders."""

    output: str
    input: str
    temp: str
    models: tuple[str | dict[str, tuple[str, ...]], ...] = ()
    plugins: tuple[str, ...] = ()


class Setup(Message, frozen=True):
    """First message to a process. device is empty for the inspector.

    deadly: digest → why, of plugins that are not to be imported. lazy: torch is loaded when a
    job needs it.
    """

    device: str
    places: Places
    cache: str | None
    memory_limit: int = 0
    previews: Previews = "auto"
    deadly: dict[str, str] = {}
    lazy: bool = False


class Run(Message, frozen=True):
    """Run a document (JSON). `outputs`: only these output nodes, all where empty.

    user: whose folders are used, empty for the one who needs no name. source: under which
    name the engine remembers this document's last run, for its explanations. lenient: inputs
    that a node type does not have are left out, as ComfyUI does.
    """

    job: str
    document: bytes
    outputs: tuple[str, ...] = ()
    again: bool = False
    user: str = ""
    source: str = ""
    metadata: dict[str, str] = {}
    lenient: bool = False


class Cancel(Message, frozen=True):
    """Stop a job at the next step."""

    job: str


class Stop(Message, frozen=True):
    """Finish the step, record it, exit."""


class Free(Message, frozen=True):
    """Forget models and results in memory once the running job has ended."""


class Refresh(Message, frozen=True):
    """Look again at plugins and files. deadly: as in `Setup`."""

    deadly: dict[str, str] = {}


class Ready(Message, frozen=True):
    """The process can work. device as it was resolved."""

    device: str


class Importing(Message, frozen=True):
    """A plugin is imported now, and those before are; without a path all are."""

    path: str = ""
    digest: str = ""


class ThreadFailed(Message, frozen=True):
    """A thread ended by an exception that nobody caught.

    files: those it went through, innermost first.
    """

    files: tuple[str, ...]
    error: str


class Heartbeat(Message, frozen=True):
    """Every second: bytes of memory that the process holds."""

    memory: int


class Holding(Message, frozen=True):
    """What came into the memory of results, and what went, since this was told last."""

    kept: dict[str, Kept]
    gone: tuple[str, ...] = ()


class Artifact(Struct, frozen=True):
    """A file that an output node wrote; path below its folder."""

    path: str
    folder: Literal["output", "temp", "input"]
    media_type: str
    size: int
    sha256: str


class Shown(Struct, frozen=True):
    """What an output node made."""

    files: tuple[Artifact, ...] = ()
    text: tuple[str, ...] = ()


NodeState = Literal["ran", "cached", "failed", "skipped", "running"]


class NodeReport(Struct, frozen=True):
    """How a node ended and why."""

    state: NodeState
    type: str
    seconds: float
    reason: str


class Failure(Struct, frozen=True):
    """A node that failed; trace is for its developer."""

    node: str
    type: str
    message: str
    trace: str = ""


class Started(Message, frozen=True):
    """A node begins."""

    job: str
    node: str
    type: str


class Progressed(Message, frozen=True):
    """A node has done `step` of `total` and needs about `left` seconds more, None if unknown.

    preview is an encoded picture or empty.
    """

    job: str
    node: str
    step: int
    total: int
    preview: bytes = b""
    left: float | None = None


class Finished(Message, frozen=True):
    """A node ended otherwise than by being reused. shown: what an output node made."""

    job: str
    node: str
    report: NodeReport
    shown: Shown | None = None


class Reused(Message, frozen=True):
    """Nodes that needed no run: name → report; what the output nodes among them made."""

    job: str
    nodes: dict[str, NodeReport]
    shown: dict[str, Shown] = {}


Outcome = Literal["done", "failed", "cancelled", "stopped"]


class Ended(Message, frozen=True):
    """A job is over. stopped: the process was told to stop, the job may go on elsewhere.

    problems: the document was wrong after all (a file vanished since it was accepted), as
    JSON text.
    """

    job: str
    outcome: Outcome
    seconds: float
    outputs: dict[str, Shown] = {}
    failures: tuple[Failure, ...] = ()
    problems: bytes = b""


class Answer(Message, frozen=True):
    """Its answer: JSON in `body` for the client, or for the server where it says so."""

    id: int
    body: bytes = b""
    blob: bytes = b""


class Refusal(Message, frozen=True):
    """The question has no answer; becomes a fault of that status and code."""

    id: int
    status: int
    code: str
    detail: str
    problems: bytes = b"[]"


class Ask(Message, frozen=True):
    """A question to the inspector."""

    id: int
    question: AnyQuestion


ToProcess: TypeAlias = Setup | Run | Cancel | Stop | Free | Refresh | Ask
FromProcess: TypeAlias = (
    Ready | Importing | ThreadFailed | Heartbeat | Started | Progressed | Finished | Reused
    | Holding | Ended | Answer | Refusal
)  # fmt: skip
