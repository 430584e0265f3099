"""The numerics domain: what, besides the graph, can change the bytes of a result."""

import importlib.metadata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

PACKAGE = Path(__file__).parent.parent
LIBRARIES = ("diffusion", "imaging", "values")


@lru_cache(maxsize=1)
def library_digest() -> str:
    """Digest of the code that nodes call: a changed sampler must not serve old pictures."""
    total = blake2b(digest_size=8)
    for name in LIBRARIES:
        for file in sorted((PACKAGE / name).rglob("*.py")):
            if "training" not in file.parts:
                total.update(file.read_bytes())
    return total.hexdigest()


@lru_cache(maxsize=1)
def torch_version() -> str:
    """The installed version, found without importing torch."""
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return "none"


@dataclass(frozen=True, slots=True)
class NumericsDomain:
    """Device kind (`cpu`, `cuda`), torch's version, digest of our numeric code.

    company: which rows share a network call, where that changes the last bits; else empty.
    """

    device: str
    torch: str
    library: str
    company: str = ""

    @classmethod
    def of(cls, device: str, company: str = "") -> "NumericsDomain":
        """The domain of this process on a device. The device's index is no part of it."""
        return cls(device.split(":")[0], torch_version(), library_digest(), company)

    def __str__(self) -> str:
        company = f", rows shared by {self.company}" if self.company else ""
        return f"{self.device}, torch {self.torch}, code {self.library}{company}"
