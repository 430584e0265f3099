"""Health, sessions, models, the cache."""

from typing import Literal, NotRequired, TypedDict


class QueueSize(TypedDict):
    """How many jobs wait and run."""

    queued: int
    running: int
    paused: bool


class WorkerShown(TypedDict):
    """A worker process; memory: bytes that it holds; job: the one it runs.

    restarts: how often it was replaced; ended: why, the last time.
    """

    id: str
    device: str
    state: Literal["starting", "idle", "busy"]
    pid: int | None
    memory: int
    job: str | None
    restarts: int
    ended: str


class PluginTrouble(TypedDict):
    """What a plugin did outside of any node since it was changed last; at: seconds since 1970.

    count: how often; reason: the last time; blocked: it is left out until it changes.
    """

    plugin: str
    reason: str
    count: int
    at: float
    blocked: bool


class Health(TypedDict):
    """Whether the server works; the optional fields only for who has a token.

    trouble: why nothing can be stored at the moment, empty where all is well.
    """

    status: Literal["starting", "ok", "stopping"]
    version: str
    uptime: NotRequired[float]
    trouble: NotRequired[str]
    queue: NotRequired[QueueSize]
    workers: NotRequired[list[WorkerShown]]
    plugins: NotRequired[list[PluginTrouble]]


class Who(TypedDict):
    """The user's name, empty where the server has only one."""

    user: str


class ModelCounts(TypedDict):
    """How many models there are of each kind."""

    kinds: dict[str, int]


class Model(TypedDict):
    """A model file; metadata: the texts in its header.

    Only where `looks` was asked: families: those it goes with as its header tells, empty where
    that does not say; trouble: why it cannot be read, empty where it can; preview: whether a
    picture lies beside it.
    """

    name: str
    kind: str
    size: int
    modified: float
    metadata: dict[str, str]
    families: NotRequired[list[Literal["SD1", "SD2", "SDXL", "REFINER", "UPSCALER"]]]
    trouble: NotRequired[str]
    preview: NotRequired[bool]


class Models(TypedDict):
    """Models of a kind."""

    models: list[Model]


class ModelHash(TypedDict):
    """SHA-256, in hexadecimal."""

    sha256: str


class CacheSize(TypedDict):
    """The disk cache; seconds: the work that its results save; folder: null where it is off."""

    folder: str | None
    entries: int
    bytes: int
    seconds: float


class Removed(TypedDict):
    """How many results were removed."""

    removed: int
