"""The command line as a person calls it: a process of its own in an empty folder."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Called:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All it said."""
        return self.out + self.err


@dataclass(frozen=True)
class Shell:
    """A folder to work in, with a cache and a configuration of its own."""

    folder: Path

    def environment(self) -> dict[str, str]:
        """The environment of the process."""
        own = self.folder.parent / (self.folder.name + "-home")
        return {
            **os.environ,
            "NODEFLOW_CACHE": str(own / "cache"),
            "NODEFLOW_CONFIG": str(own / "config"),
            "OMP_NUM_THREADS": "1",
            "PYTHONWARNINGS": "default",
        }

    def __call__(self, *arguments: str) -> Called:
        """Run `python -m nodeflow …`."""
        command = [sys.executable, "-m", "nodeflow", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(), capture_output=True, text=True,
            timeout=240, check=False,
        )  # fmt: skip
        called = Called(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in called.text, called.text
        return called

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path
