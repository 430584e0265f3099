"""The digest of a plugin's code: what a user allows, and what makes a cached result stale."""

from hashlib import blake2b
from pathlib import Path

IGNORED = frozenset({"__pycache__", ".git", ".mypy_cache", ".ruff_cache", ".pytest_cache"})


def code_files(path: Path) -> list[Path]:
    """All files of a plugin (a file or a folder) in a fixed order, without caches."""
    if path.is_file():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and not IGNORED.intersection(file.relative_to(path).parts)
    )


def code_digest(path: Path) -> str:
    """BLAKE2b (hex, 32 bytes) over the names and contents of all files of a plugin."""
    total = blake2b(digest_size=32)
    for file in code_files(path):
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        content = file.read_bytes()
        total.update(f"{len(name)}:{name}:{len(content)}:".encode())
        total.update(content)
    return total.hexdigest()
