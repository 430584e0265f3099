"""What each node of a document was keyed by in its last run, so that a change can be named."""

import json
import sqlite3

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.keys import KeyParts

DOCUMENTS = 100
"""Documents remembered in memory."""


class History:
    """Key parts by document and node: in memory, and in the cache's index."""

    def __init__(self, disk: DiskCache | None) -> None:
        self._disk = disk
        self._keys: dict[str, dict[str, str]] = {}
        self._parts: dict[tuple[str, str], str] = {}

    def keys(self, source: str) -> dict[str, str]:
        """Each node's key in the document's last run."""
        if source not in self._keys:
            try:
                found = self._disk.last_keys(source) if self._disk else {}
            except sqlite3.Error:
                found = {}
            self._keys[source] = found
            while len(self._keys) > DOCUMENTS:
                self._keys.pop(next(iter(self._keys)))
                self._parts.clear()
        return self._keys[source]

    def parts(self, source: str, node: str) -> str | None:
        """The parts of that key, as JSON, or None."""
        known = self._parts.get((source, node))
        if known is None and self._disk is not None:
            try:
                return self._disk.last_parts(source, node)
            except sqlite3.Error:
                return None
        return known

    def remember(self, source: str, parts: dict[str, KeyParts], keys: dict[str, str]) -> None:
        """Note the nodes' keys of a run. Raises sqlite3.Error where the disk cannot be written."""
        known = self.keys(source)
        rows = [
            (name, keys[name], json.dumps(part._asdict(), sort_keys=True))
            for name, part in parts.items()
            if known.get(name) != keys[name]
        ]
        for name, key, text in rows:
            known[name] = key
            self._parts[source, name] = text
        if rows and self._disk is not None and self._disk.writable:
            self._disk.remember_last(source, rows)
