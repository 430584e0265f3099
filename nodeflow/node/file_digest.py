"""The digest of a file's or folder's content."""

from hashlib import blake2b
from pathlib import Path


def content_digest(path: Path) -> str:
    """BLAKE2b (hex, 16 bytes) of a file, or of all files of a folder with their names."""
    total = blake2b(digest_size=16)
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    for file in files:
        if file != path:
            total.update(file.relative_to(path).as_posix().encode() + b"\0")
        with file.open("rb") as opened:
            while block := opened.read(1 << 20):
                total.update(block)
    return total.hexdigest()
