"""A process that runs variants of one graph until it is killed; it imports no torch.

`python -m tests.engine.crashing CACHE START`. It prints `ran KEY` before a node's work, `kept KEY`
once the index has a result, `shows VARIANT TEXT` after a run.
"""

import itertools
import os
import sys
import time
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from nodeflow.engine.disk_cache import DiskCache, Row
from nodeflow.engine.events import NodeStarted
from nodeflow.engine.run import Engine
from nodeflow.node import Artifacts, node
from nodeflow.node.declare import read_spec
from nodeflow.node.plugins import Registry
from nodeflow.node.spec import Plugin
from tests.engine.counting import checked

NODES = 12


def grown(text: str, number: int) -> str:
    """A text of 64 bytes to 45 kB: some lie in the index, some in files."""
    word = sha256(f"{text[:64]}{len(text)}{number}".encode()).hexdigest()
    return word * (1 + int(word[:2], 16) % 12 * 64)


@node("Grow", category="test")
def grow(number: int, text: str = "") -> str:
    """Takes a little while."""
    time.sleep(0.002)
    return grown(text, number)


@node("Digest", category="test", output=True)
def digest(text: str) -> Artifacts:
    """Shows a digest."""
    return Artifacts(text=(sha256(text.encode()).hexdigest(),))


def graph(variant: int) -> dict[str, tuple[str, dict[str, object]]]:
    """A chain; a third of it depends on the variant."""
    nodes: dict[str, tuple[str, dict[str, object]]] = {}
    for i in range(NODES):
        number = i if i < NODES * 2 // 3 else i + 100 * variant
        inputs: dict[str, object] = {"number": number}
        if i:
            inputs["text"] = f"$n{i - 1}"
        nodes[f"n{i}"] = ("Grow", inputs)
    nodes["show"] = ("Digest", {"text": f"$n{NODES - 1}"})
    return nodes


def expected(variant: int) -> str:
    """What a run must show, computed without the engine."""
    text = ""
    for i in range(NODES):
        text = grown(text, i if i < NODES * 2 // 3 else i + 100 * variant)
    return sha256(text.encode()).hexdigest()


def registry() -> Registry:
    """The two node types."""
    plugin = Plugin("test", "test.py", "digest")
    specs = [read_spec(function, plugin) for function in (grow, digest)]
    return Registry(MappingProxyType({spec.id: spec for spec in specs}))


def say(line: str) -> None:
    """Write a line at once, whole: another thread speaks too, and the process is killed."""
    os.write(1, f"{line}\n".encode())


class TellingCache(DiskCache):
    """Says which results are safe."""

    def commit(self, rows: list[Row]) -> None:
        """Commit, then say it."""
        super().commit(rows)
        for row in rows:
            say(f"kept {row.key}")


def main() -> None:
    """Run one variant after the other, for ever."""
    known, disk = registry(), TellingCache(Path(sys.argv[1]))
    say("ready")
    for variant in itertools.count(int(sys.argv[2])):
        engine = Engine(disk=disk)
        workflow = checked(graph(variant), known)
        keys = engine.plan(workflow).keys
        result = engine.run(
            workflow,
            lambda event, keys=keys: (
                say(f"ran {keys[event.node]}") if isinstance(event, NodeStarted) else None
            ),
        )
        say(f"shows {variant} {result.outputs['show'].text[0]}")


if __name__ == "__main__":
    main()
