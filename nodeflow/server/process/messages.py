"""What the server and its processes say to each other. Every message is one frozen struct."""

from typing import Literal, TypeAlias

from msgspec import Struct


class Message(Struct, frozen=True, tag=True, tag_field="message"):
    """Encoded as MessagePack with the class's name as tag."""


class Places(Struct, frozen=True):
    """Folders as text: output, input, temp; model roots as kind → folders; plugin folders."""

    output: str
    input: str
    temp: str
    models: tuple[dict[str, tuple[str, ...]], ...] = ()
    plugins: tuple[str, ...] = ()


class Setup(Message, frozen=True):
    """First message to a process. device is empty for the inspector."""

    device: str
    places: Places
    cache: str | None
    memory_limit: int = 0


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
    """Look again at plugins and files."""


class Ready(Message, frozen=True):
    """The process can work. device as it was resolved."""

    device: str


class Heartbeat(Message, frozen=True):
    """Every second: bytes of memory that the process holds."""

    memory: int


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
    """A node has done `step` of `total`; preview is an encoded picture or empty."""

    job: str
    node: str
    step: int
    total: int
    preview: bytes = b""


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


class Question(Struct, frozen=True, tag=True):
    """Base of all questions."""


class AskNodeTypes(Question, frozen=True):
    """All node types as the API describes them."""

    user: str = ""


class AskCheck(Question, frozen=True):
    """Read and check a document (JSON object, or JSON string with YAML in it).

    The answer's body: {valid, problems, outputs, order, name}; its blob: the document with
    inputs and settings applied, as JSON, empty where it is not valid.
    """

    document: bytes
    inputs: bytes = b"{}"
    set: bytes = b"{}"
    only: tuple[str, ...] = ()
    user: str = ""


class AskPlan(AskCheck, frozen=True):
    """What running a document would do on a device. Body: the plan.

    source: as `Run.source`; the document's name where empty.
    """

    source: str = ""
    device: str = "cpu"


class AskConvert(Question, frozen=True):
    """A document out of text, or out of a picture's metadata. Body: {document, format, …}."""

    data: bytes
    picture: bool = False


class AskYaml(Question, frozen=True):
    """A document as YAML text, in `blob`; `before` is the text it replaces, for its comments."""

    document: bytes
    before: bytes = b""


class AskThumbnail(Question, frozen=True):
    """A picture made small, re-encoded as WebP, in `blob`. `path` is confined already."""

    path: str
    size: int


class AskPicture(Question, frozen=True):
    """Whether a file is a sound picture or latent. Body: {media_type, width, height}."""

    path: str


class AskModels(Question, frozen=True):
    """Models of a kind with what their headers say. Body: {models: […]}."""

    kind: str = ""
    name: str = ""


class AskModelHash(Question, frozen=True):
    """SHA-256 of a model file. Body: {sha256}."""

    kind: str
    name: str


class AskPrompt(Question, frozen=True):
    """Check one of ComfyUI's prompts. prompt: the JSON object `{"prompt": graph}`. targets: the
    only output nodes wanted, or None for all.

    The answer's body: {outputs, error, node_errors}, the last two as its clients expect them.
    """

    prompt: bytes
    targets: tuple[str, ...] | None = None
    user: str = ""


class AskGraphs(Question, frozen=True):
    """Documents as ComfyUI's API graphs. Body: a list of graphs."""

    documents: tuple[bytes, ...]


class AskObjectInfo(Question, frozen=True):
    """Node types as ComfyUI's clients read them. id: only that one, or empty for all."""

    id: str = ""
    user: str = ""


class AskRendered(Question, frozen=True):
    """A picture encoded anew, in `blob`. format: PNG, WEBP or JPEG. channel: rgba, rgb or a.

    Body: {media_type}. `path` is confined already.
    """

    path: str
    format: str = "PNG"
    quality: int = 90
    channel: str = "rgba"


class AskMasked(Question, frozen=True):
    """A PNG of one picture's colours and texts with another's transparency, in `blob`."""

    path: str
    mask: str


class AskTexts(Question, frozen=True):
    """The texts of a picture. Body: {info, items, parameters}, as A1111's API gives them."""

    data: bytes


AnyQuestion: TypeAlias = (
    AskNodeTypes | AskCheck | AskPlan | AskConvert | AskYaml | AskThumbnail | AskPicture
    | AskModels | AskModelHash | AskPrompt | AskGraphs | AskObjectInfo | AskRendered | AskMasked
    | AskTexts
)  # fmt: skip


class Ask(Message, frozen=True):
    """A question to the inspector."""

    id: int
    question: AnyQuestion


ToProcess: TypeAlias = Setup | Run | Cancel | Stop | Free | Refresh | Ask
FromProcess: TypeAlias = (
    Ready | Heartbeat | Started | Progressed | Finished | Reused | Ended | Answer | Refusal
)
