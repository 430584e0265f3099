"""Digests of file contents, remembered by path, size, time and inode."""

import json
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.node.file_digest import content_digest


def stamp(path: Path) -> str:
    """What changes when a file is replaced or edited, without reading it."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    stats = [(file.stat(), file.name) for file in files]
    return json.dumps([[s.st_size, s.st_mtime_ns, s.st_ino, name] for s, name in stats])


@dataclass
class Fingerprints:
    """Content digests; a file is read only when its stamp is new."""

    disk: DiskCache | None = None
    _known: dict[Path, tuple[str, str]] = field(default_factory=dict)

    def __call__(self, path: Path) -> str:
        """The digest of a file's or folder's content."""
        path = path.resolve()
        now = stamp(path)
        known = self._known.get(path)
        if known is not None and known[0] == now:
            return known[1]
        digest = self.disk.fingerprint(str(path), now) if self.disk else None
        if digest is None:
            digest = content_digest(path)
            if self.disk is not None:
                with suppress(sqlite3.Error):  # a full disk: the file is read again next time
                    self.disk.remember_fingerprint(str(path), now, digest)
        self._known[path] = (now, digest)
        return digest
