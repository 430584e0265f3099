"""Files that are there as a whole or not at all."""

import secrets
from pathlib import Path


def write_whole(file: Path, data: bytes) -> None:
    """Write a file, with its folders; readers see what was there before until all is written.

    Raises OSError, and then leaves what was there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
