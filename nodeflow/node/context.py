"""What a run lends to a node that asks for it: progress, cancellation, folders, resources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Literal, Protocol, TypeVar, cast, runtime_checkable

from nodeflow.node.file_digest import content_digest
from nodeflow.node.folders import FileMissing, Folders

T = TypeVar("T")


class Cancelled(BaseException):
    """The run was cancelled. Not an `Exception`, so no node swallows it by accident."""


Previews = Literal["none", "auto", "latent2rgb", "taesd"]
"""Pictures in progress: none, the best there is, a linear map of colours, or TAESD."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` of `total` is done; `preview` is encoded picture bytes (JPEG or PNG) or None."""

    step: int
    total: int
    preview: bytes | None = None


@runtime_checkable
class Releasable(Protocol):
    """A resource that holds memory and can let go of it."""

    def holdings(self) -> list[tuple[str, int]]:
        """Who holds how many bytes."""

    def release(self) -> None:
        """Let go of everything that can be made again."""


class Resources:
    """Things that outlive one node, made once per engine: loaded models, open files."""

    def __init__(self) -> None:
        self._made: dict[object, object] = {}
        self._lock = Lock()

    def get(self, kind: type[T], make: Callable[[], T]) -> T:
        """The engine's one instance of `kind`, made by `make` when first asked for."""
        with self._lock:
            if kind not in self._made:
                self._made[kind] = make()
            return cast(T, self._made[kind])

    def holdings(self) -> list[tuple[str, int]]:
        """Who holds how many bytes, of the resources that can tell."""
        with self._lock:
            return [held for made in self._made.values() if isinstance(made, Releasable)
                    for held in made.holdings()]  # fmt: skip

    def release(self) -> str:
        """Let go of what can be made again; says how much, or nothing."""
        with self._lock:
            made = [item for item in self._made.values() if isinstance(item, Releasable)]
            total = sum(size for item in made for _, size in item.holdings())
            for item in made:
                item.release()
            return f"{total / 1e6:,.0f} MB" if total else ""


class Recordings(Protocol):
    """Intermediate results of a node's run by content key, for a run that is cut off."""

    def get(self, key: str) -> bytes | None:
        """What was kept under a key, or None."""

    def put(self, key: str, data: bytes) -> None:
        """Keep bytes, beside the node."""


class NoRecordings:
    """Keeps nothing."""

    def get(self, key: str) -> bytes | None:
        """None."""
        return None

    def put(self, key: str, data: bytes) -> None:
        """Nothing."""


@dataclass(frozen=True)
class RunContext:
    """A parameter of this type is injected by the run and is never a port.

    `device` is a torch device string. `metadata` are the text chunks that saved pictures
    carry (the workflow, and the `prompt` that ComfyUI reads). The defaults do nothing, so
    that a node stays callable from a test or a script. `fingerprint` is the digest of a file's
    content, cached by the run. `previews`: how pictures in progress are made, if anybody looks.
    """

    node: str = ""
    device: str = "cpu"
    folders: Folders = field(default_factory=Folders)
    resources: Resources = field(default_factory=Resources)
    metadata: Mapping[str, str] = field(default_factory=dict)
    fingerprint: Callable[[Path], str] = content_digest
    recordings: Recordings = field(default_factory=NoRecordings)
    previews: Previews = "none"
    on_progress: Callable[[Progress], None] = lambda progress: None
    cancelled: Callable[[], bool] = lambda: False

    def model_file(self, kind: str, name: str) -> Path | None:
        """A model file by kind and name, or None where there is none."""
        try:
            return self.folders.find_model(kind, name)
        except FileMissing:
            return None

    def progress(self, step: int, total: int, preview: bytes | None = None) -> None:
        """Report progress; raises `Cancelled` when the run was cancelled."""
        self.check_cancelled()
        self.on_progress(Progress(step, total, preview))

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the run was cancelled."""
        if self.cancelled():
            raise Cancelled
