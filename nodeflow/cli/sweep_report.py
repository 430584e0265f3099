"""What a sweep shows: one progress bar, a table, a labelled grid."""

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nodeflow.engine.artifacts import place
from nodeflow.engine.events import CacheTrouble, Event, NodeProgress
from nodeflow.engine.run import RunResult
from nodeflow.graph.document import InputValue
from nodeflow.graph.variants import Axis
from nodeflow.node.folders import Folders

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bar:
    """One progress bar for all variants, with the time left."""

    def __init__(self, variants: int, shown: bool) -> None:
        self.variants, self.shown = variants, shown
        self.steps: dict[tuple[int, str], tuple[int, int]] = {}
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> "Bar":
        if self.shown:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(),
                console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self._task = self._progress.add_task(f"{self.variants} variants", total=None)
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._progress is not None:
            self._progress.stop()

    def on_event(self, number: int, event: Event) -> None:
        """Count steps; may be called from several threads."""
        if isinstance(event, CacheTrouble):
            print(f"warning: {event.message}", file=sys.stderr)
        elif isinstance(event, NodeProgress) and self._progress is not None:
            self.steps[number, event.node] = event.step, event.total
            steps = list(self.steps.values())
            seen = len({n for n, _ in list(self.steps)})
            total = sum(total for _, total in steps) * self.variants // seen
            assert self._task is not None
            done = sum(step for step, _ in steps)
            self._progress.update(self._task, total=total, completed=done)


@dataclass(frozen=True)
class Table:
    """The variants, their values and what they made."""

    axes: Sequence[Axis]
    rows: Sequence[Sequence[InputValue]]
    results: Sequence[RunResult]
    folders: Folders

    @property
    def names(self) -> list[str]:
        """Names of the axes: the input's, with its node where two would be the same."""
        inputs = [axis.input for axis in self.axes]
        return [a.input if inputs.count(a.input) == 1 else f"{a.node}.{a.input}" for a in self.axes]

    @property
    def inputs(self) -> list[str]:
        """The axes in full."""
        return [f"{axis.node}.{axis.input}" for axis in self.axes]

    def files(self, number: int) -> list[Path]:
        """What a variant wrote."""
        outputs = self.results[number].outputs.values()
        return [place(self.folders, f.folder) / f.path for made in outputs for f in made.files]

    def state(self, number: int) -> str:
        """How a variant ended."""
        return "failed" if self.results[number].failures else "done"

    def lines(self) -> list[list[str]]:
        """The table with its head."""
        body = [
            [*map(str, values), self.state(n), " ".join(map(str, self.files(n)))]
            for n, values in enumerate(self.rows)
        ]
        return [[*self.names, "state", "files"], *body]

    def __str__(self) -> str:
        short = [[cell if len(cell) <= 60 else cell[:59] + "…" for cell in r[:-1]] + [r[-1]]
                 for r in self.lines()]  # fmt: skip
        widths = [max(len(row[i]) for row in short) for i in range(len(short[0]) - 1)]
        padded = [[*(c.ljust(w) for c, w in zip(r, widths, strict=False)), r[-1]] for r in short]
        return "\n".join("  ".join(row).rstrip() for row in padded)

    def as_json(self) -> dict[str, Any]:
        """The table for programs."""
        variants = [
            {
                "values": {
                    f"{a.node}.{a.input}": v for a, v in zip(self.axes, values, strict=True)
                },
                "state": self.state(n),
                "files": [str(file) for file in self.files(n)],
            }
            for n, values in enumerate(self.rows)
        ]
        return {"variants": variants}


def write_sheet(table: Table, in_step: bool, folder: Path) -> Path | None:
    """The grid and the table beside it; None where no variant made a picture.

    The last axis runs along the columns, the others down; values in step stand in one column.
    """
    from nodeflow.imaging.files import free_name

    # The table is there in any case, the grid not: the pair's name is free where the table's is.
    with free_name(folder, "sweep", ".csv") as path:
        with path.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows(table.lines())
        return write_grid(table, in_step, path.with_suffix(".png"))


def write_grid(table: Table, in_step: bool, path: Path) -> Path | None:
    """The grid of a sheet alone."""
    from nodeflow.imaging.grid import grid

    pictures = [
        next((f for f in table.files(n) if f.suffix in (".png", ".jpg", ".webp")), None)
        for n in range(len(table.rows))
    ]
    if not any(pictures):
        return None
    names = table.names
    told = [
        [f"{name}: {value}" for name, value in zip(names, values, strict=True)]
        for values in table.rows
    ]
    if in_step:
        grid([[p] for p in pictures], [""], [", ".join(texts) for texts in told]).save(path)
        return path
    width = len(table.axes[-1].values)
    starts = range(0, len(pictures), width)
    heads = [texts[-1] for texts in told[:width]]
    sides = [", ".join(told[start][:-1]) for start in starts]
    grid([pictures[start : start + width] for start in starts], heads, sides).save(path)
    return path
