"""What sampling wants of whoever runs it; a node's run context is one."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from nodeflow.diffusion.sampling.recording import Recordings

T = TypeVar("T")


class Shared(Protocol):
    """Things that outlive one sampling."""

    def get(self, kind: type[T], make: Callable[[], T]) -> T:
        """The one instance of `kind`, made when first asked for."""


class Host(Protocol):
    """Device, what is shared, recordings, and who is told of progress."""

    @property
    def device(self) -> str:
        """A torch device string."""

    @property
    def resources(self) -> Shared:
        """Loaded models and the tables of samplings."""

    @property
    def recordings(self) -> Recordings:
        """Where answers are kept."""

    @property
    def previews(self) -> Literal["none", "auto", "latent2rgb", "taesd"]:
        """How previews are made: `auto` by TAESD where its decoder is there, else by colours."""

    def model_file(self, kind: str, name: str) -> Path | None:
        """A model file by kind and name, or None where there is none."""

    def progress(self, step: int, total: int, preview: bytes | None = None) -> None:
        """A step is done; may raise to stop."""

    def check_cancelled(self) -> None:
        """Raise where the sampling is no longer wanted."""
