"""Progress and the summary of a run, for people and as JSON."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nodeflow.engine.artifacts import place
from nodeflow.engine.events import CacheTrouble, Event, NodeFinished, NodeProgress, NodeStarted
from nodeflow.engine.run import RunResult
from nodeflow.node.folders import Folders

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Reporter:
    """Progress bars on a terminal, a summary everywhere, nothing where it is quiet."""

    def __init__(self, quiet: bool, explain: bool) -> None:
        self.quiet, self.explain = quiet, explain
        self.bars = not quiet and sys.stderr.isatty()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._progress is not None:
            self._progress.stop()

    def progress(self) -> "Progress":
        """The bars, started when there is something to show."""
        if self._progress is None:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
            )

            self._progress = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                TimeRemainingColumn(), console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self._progress.start()
        return self._progress

    def on_event(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, CacheTrouble):
            print(f"warning: {event.message}", file=sys.stderr)
        elif self.bars and isinstance(event, NodeStarted):
            self._task = self.progress().add_task(f"{event.node} ({event.type})", total=None)
        elif self.bars and isinstance(event, NodeProgress) and self._task is not None:
            self.progress().update(self._task, total=event.total, completed=event.step)
        elif self.bars and isinstance(event, NodeFinished) and self._task is not None:
            self.progress().remove_task(self._task)
            self._task = None

    def summary(self, result: RunResult, folders: Folders) -> None:
        """What ran, what was reused, how long it took, where the pictures are."""
        for failure in result.failures:
            print(failure, file=sys.stderr)
        if self.quiet:
            return
        counts = dict.fromkeys(("ran", "cached", "failed", "skipped"), 0)
        for node in result.nodes.values():
            counts[node.state] += 1
            if self.explain:
                time = f"{node.seconds:.2f} s" if node.state in ("ran", "failed") else ""
                print(f"{node.node:<20} {node.state:<8} {time:>9}  {node.reason}")
        parts = [f"{counts['ran']} ran", f"{counts['cached']} reused"]
        parts += [f"{counts[s]} {s}" for s in ("failed", "skipped") if counts[s]]
        print(f"{', '.join(parts)} in {result.seconds:.2f} s")
        for name, artifacts in result.outputs.items():
            for file in artifacts.files:
                print(f"{name}: {place(folders, file.folder) / file.path}")
            for line in artifacts.text:
                print(f"{name}: {line}")


def result_json(result: RunResult, folders: Folders) -> dict[str, Any]:
    """The object that `run --json` prints."""
    return {
        "outputs": {
            name: [str(place(folders, file.folder) / file.path) for file in artifacts.files]
            for name, artifacts in result.outputs.items()
        },
        "nodes": {
            name: {"state": n.state, "seconds": round(n.seconds, 6), "reason": n.reason}
            for name, n in result.nodes.items()
        },
        "failures": [
            {"node": f.node, "type": f.type, "message": f.message} for f in result.failures
        ],
        "seconds": round(result.seconds, 6),
    }
