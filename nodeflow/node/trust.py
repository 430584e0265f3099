"""Which plugins the user has allowed, by the digest of their code."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from nodeflow.node.code_digest import code_digest


def config_folder() -> Path:
    """`NODEFLOW_CONFIG`, else `nodeflow` in the user's configuration folder."""
    named = os.environ.get("NODEFLOW_CONFIG")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "nodeflow"


@dataclass(frozen=True)
class TrustList:
    """The allow-list in a file: digest of code to the path under which it was allowed."""

    path: Path

    @classmethod
    def of_user(cls) -> "TrustList":
        """The list of the user who runs this process."""
        return cls(config_folder() / "allowed.json")

    def read(self) -> dict[str, str]:
        """All entries; empty where the file is missing or is not such a list."""
        try:
            entries = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(entries, dict):
            return {}
        return {str(digest): str(path) for digest, path in entries.items()}

    def write(self, entries: dict[str, str]) -> None:
        """Replace the file in one step."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(f".{os.getpid()}.partial")
        partial.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
        partial.replace(self.path)

    def allow(self, plugin: Path) -> str:
        """Allow a plugin as it is now; returns its digest."""
        digest = code_digest(plugin)
        self.write({**self.read(), digest: str(plugin.resolve())})
        return digest

    def block(self, plugin: Path) -> int:
        """Take back every permission given to this path or this content; returns how many."""
        entries, digest = self.read(), code_digest(plugin)
        place = str(plugin.resolve())
        kept = {d: p for d, p in entries.items() if d != digest and p != place}
        self.write(kept)
        return len(entries) - len(kept)
