"""The numerics domain: what, besides the graph, can change the bytes of a result."""

import importlib.metadata
import os
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from nodeflow.engine.torch_settings import products_are_strict

PACKAGE = Path(__file__).parent.parent
LIBRARIES = ("diffusion", "imaging", "values")


@lru_cache(maxsize=1)
def library_digest() -> str:
    """Digest of the code that nodes call: a changed sampler must not serve old pictures."""
    total = blake2b(digest_size=8)
    for name in LIBRARIES:
        for file in sorted((PACKAGE / name).rglob("*.py")):
            if "training" not in file.parts or file.name.startswith("adapter"):
                total.update(file.read_bytes())
    return total.hexdigest()


@lru_cache(maxsize=1)
def torch_version() -> str:
    """The installed version, found without importing torch."""
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return "none"


def threads() -> int:
    """How many threads a CPU's arithmetic may use here, found without importing torch."""
    named = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return int(named) if named.isdecimal() and int(named) else len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class NumericsDomain:
    """Device kind (`cpu`, `cuda`), torch's version, digest of our numeric code.

    threads: 0 for one or two, which give the same bits (`tests/diffusion/test_threads.py`) where
    products of matrices are strict (`torch_settings.py`). With more, torch cuts SiLU's input into
    parts that are no whole vectors, and their ends get other last bits. On a GPU always 0.
    company: which rows share a network call, where that changes the last bits; else empty.
    """

    device: str
    torch: str
    library: str
    company: str = ""
    threads: int = 0

    @classmethod
    def of(cls, device: str, company: str = "") -> "NumericsDomain":
        """The domain of this process on a device. The device's index is no part of it."""
        kind = device.split(":")[0]
        count = threads() if kind == "cpu" else 0
        alike = count <= 2 and products_are_strict()
        return cls(kind, torch_version(), library_digest(), company, 0 if alike else count)

    def __str__(self) -> str:
        company = f", rows shared by {self.company}" if self.company else ""
        count = f", {self.threads} threads" if self.threads else ""
        return f"{self.device}, torch {self.torch}, code {self.library}{count}{company}"
