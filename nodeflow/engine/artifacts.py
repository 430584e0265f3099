"""Whether the files that an output node once wrote are still what it wrote."""

from hashlib import sha256
from pathlib import Path

from nodeflow.node.artifact import Artifacts
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
