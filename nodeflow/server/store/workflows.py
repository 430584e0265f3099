"""Workflow files: written in one step, older versions kept, deleted ones in the trash."""

import errno
import os
import secrets
import time
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from nodeflow.node.folders import confined
from nodeflow.server.store.whole import write_whole

SUFFIXES = (".yaml", ".yml", ".json")
VERSIONS = 50


@dataclass(frozen=True)
class WorkflowFiles:
    """`<root>/workflows`, `<root>/versions/<path>/`, `<root>/trash/workflows/`."""

    root: Path

    def place(self, path: str) -> Path | None:
        """The file of a workflow's path, or None where that is none or leaves the folder."""
        folder = self.root / "workflows"
        bad = any(ord(c) < 32 or c in ':*?"<>|\\' for c in path) or len(path.encode()) > 300
        parts = path.split("/")
        if bad or not path.endswith(SUFFIXES) or any(p.startswith(".") or not p for p in parts):
            return None
        return confined(folder, path)

    def all(self) -> list[tuple[str, os.stat_result]]:
        """Paths with what the system tells of them."""
        folder = self.root / "workflows"
        files = sorted(folder.rglob("*")) if folder.is_dir() else []
        return [
            (file.relative_to(folder).as_posix(), file.stat())
            for file in files
            if file.suffix in SUFFIXES and file.is_file() and not file.name.startswith(".")
        ]

    def save(self, file: Path, path: str, text: bytes) -> None:
        """Write, and keep what stood there before as a version."""
        if file.is_file():
            before = file.read_bytes()
            if before == text:
                return
            versions = self.versions_of(path)
            versions.mkdir(parents=True, exist_ok=True)
            stamp = f"{time.time_ns():020d}"
            (versions / f"{stamp}{file.suffix}").write_bytes(before)
            for old in sorted(versions.iterdir())[:-VERSIONS]:
                old.unlink()
        write_whole(file, text)

    def move(self, file: Path, path: str, target: Path, to: str) -> None:
        """Give a file and its older versions another path. Raises FileExistsError."""
        if target.exists():
            raise FileExistsError(errno.EEXIST, "is there already", to)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
        older = self.versions_of(path)
        if older.is_dir():
            kept = self.versions_of(to)
            kept.mkdir(parents=True, exist_ok=True)
            for version in older.iterdir():
                version.replace(kept / version.name)
            older.rmdir()

    def versions_of(self, path: str) -> Path:
        """The folder of a workflow's older versions."""
        return self.root / "versions" / blake2b(path.encode(), digest_size=12).hexdigest()

    def trash(self, file: Path, path: str) -> None:
        """Take a file away, so that it can come back."""
        folder = self.root / "trash" / "workflows" / secrets.token_hex(6)
        folder.mkdir(parents=True)
        (folder / "path").write_text(path, encoding="utf-8")
        file.replace(folder / "content")

    def trashed(self) -> list[tuple[str, str, float]]:
        """Id, path and time of what lies in the trash, newest first."""
        folder = self.root / "trash" / "workflows"
        found = [
            (item.name, (item / "path").read_text(encoding="utf-8"), item.stat().st_mtime)
            for item in (folder.iterdir() if folder.is_dir() else ())
            if (item / "content").is_file()
        ]
        return sorted(found, key=lambda item: -item[2])

    def restore(self, id: str) -> str | None:
        """Put it back, under a free name; returns its path or None where the id is unknown."""
        item = next((found for found in self.trashed() if found[0] == id), None)
        file = self.place(item[1]) if item else None
        if item is None or file is None:
            return None
        number = 0
        base = file
        while file.exists():
            number += 1
            file = base.with_name(f"{base.stem} ({number}){base.suffix}")
        file.parent.mkdir(parents=True, exist_ok=True)
        folder = self.root / "trash" / "workflows" / id
        (folder / "content").replace(file)
        (folder / "path").unlink()
        folder.rmdir()
        return file.relative_to((self.root / "workflows").resolve()).as_posix()


def etag_of(text: bytes) -> str:
    """The tag of a content, with its quotes."""
    return f'"{blake2b(text, digest_size=10).hexdigest()}"'
