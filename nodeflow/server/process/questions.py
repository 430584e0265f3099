"""What the server asks its inspector. Every question is one frozen struct."""

from typing import TypeAlias

from msgspec import Struct

from nodeflow.engine.memory_cache import Kept


class Question(Struct, frozen=True, tag=True):
    """Base of all questions."""


class AskNodeTypes(Question, frozen=True):
    """All node types as the API describes them."""

    user: str = ""


class AskModule(Question, frozen=True):
    """JavaScript that a plugin declares for the editor, in `blob`."""

    plugin: str
    file: str


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

    source: as `Run.source`; where empty the document's name, else the client. held: what the worker
    that would run it has in memory.
    """

    source: str = ""
    client: str = ""
    device: str = "cpu"
    held: dict[str, Kept] = {}


class AskConvert(Question, frozen=True):
    """A document out of text, or out of a picture's metadata. Body: {document, format, …}."""

    data: bytes
    picture: bool = False


class AskYaml(Question, frozen=True):
    """A document as YAML text, in `blob`."""

    document: bytes


class AskThumbnail(Question, frozen=True):
    """A picture made small, re-encoded as WebP, in `blob`. `path` is confined already."""

    path: str
    size: int


class AskPicture(Question, frozen=True):
    """Whether a file is a sound picture or latent. Body: {media_type, width, height}."""

    path: str


class AskModels(Question, frozen=True):
    """Models of a kind with what their headers say. Body: {models: […]}.

    looks: also the families they go with, and whether a preview picture lies beside them.
    """

    kind: str = ""
    name: str = ""
    looks: bool = False


class AskModelPicture(Question, frozen=True):
    """The picture beside a model, made small, re-encoded as WebP, in `blob`."""

    kind: str
    name: str
    size: int


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
    | AskTexts | AskModule | AskModelPicture
)  # fmt: skip
