"""Whether the files that an output node once wrote are still what it wrote, and their return."""

import os
import sqlite3
from hashlib import blake2b, sha256
from pathlib import Path

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.node.artifact import Artifacts, SavedFile
from nodeflow.node.folders import Folders


def place(folders: Folders, kind: str) -> Path:
    """The folder of a kind of file."""
    return {"output": folders.output, "temp": folders.temp, "input": folders.input}[kind]


def missing_file(artifacts: Artifacts, folders: Folders) -> str | None:
    """The first file that is gone or has another content, or None."""
    for file in artifacts.files:
        path = place(folders, file.folder) / file.path
        try:
            same = path.stat().st_size == file.size
            if not same or sha256(path.read_bytes()).hexdigest() != file.sha256:
                return file.path
        except OSError:
            return file.path
    return None


def bytes_key(file: SavedFile) -> str:
    """The key under which a file's content is kept."""
    return blake2b(f"file {file.sha256}".encode(), digest_size=20).hexdigest()


def keep_bytes(artifacts: Artifacts, folders: Folders, disk: DiskCache, seconds: float) -> None:
    """Keep the content of files, so that they can be put back. Raises OSError, sqlite3.Error."""
    disk.put_all(
        (bytes_key(file), "file", (place(folders, file.folder) / file.path).read_bytes(), seconds)
        for file in artifacts.files
    )


def put_back(artifacts: Artifacts, folders: Folders, disk: DiskCache | None, dry: bool) -> bool:
    """Write files again that are gone; False where one cannot be had or its name is taken.

    A file that was changed is somebody's work and is left alone. `dry`: only tell.
    """
    if disk is None:
        return False
    wanted: list[tuple[Path, bytes]] = []
    for file in artifacts.files:
        path = place(folders, file.folder) / file.path
        if not path.exists():
            try:
                entry = disk.get(bytes_key(file))
            except (OSError, sqlite3.Error):
                return False
            if entry is None or sha256(entry.data).hexdigest() != file.sha256:
                return False
            wanted.append((path, entry.data))
        elif sha256(path.read_bytes()).hexdigest() != file.sha256:
            return False
    for path, data in [] if dry else wanted:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        partial.write_bytes(data)
        partial.replace(path)
    return True
