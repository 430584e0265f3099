"""What pictures and jobs were asked for with: the texts and numbers of their documents."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import DecodeError, json

from nodeflow.server.jobs.job import Job, Report

NO_VALUES = ("nodeflow", "node", "class_type", "layout", "metadata")
"""Keys below which nothing is asked for."""


def texts_of(document: bytes) -> str:
    """All texts that stand at inputs of a document's nodes, also inside its subgraphs."""
    try:
        return "\n".join(said for said in _values(json.decode(document)) if isinstance(said, str))
    except DecodeError:
        return ""


def says(job: Job, document: bytes, words: Sequence[str]) -> bool:
    """Whether each word, in lower case, stands in a text of a job's document, in one of its names
    or those of its files, or is a number there, or the job's as `#12`."""
    if not words:
        return True
    values = list(_values(json.decode(document)))
    files = (file.path for made in job.report.outputs.values() for file in made.files)
    texts = [value for value in values if isinstance(value, str)]
    line = "\n".join([f"#{job.number}", job.name, job.workflow, *files, *texts]).lower()
    numbers = {f"{value:.12g}" if isinstance(value, float) else str(value) for value in values}
    return all(word in line or word in numbers for word in words)


def _values(value: Any) -> Iterator[str | int | float]:
    """Texts and numbers, but for links and types of nodes."""
    if isinstance(value, str):
        if not value.startswith("$"):
            yield value
    elif isinstance(value, (int, float)):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _values(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in NO_VALUES:
                yield from _values(item)


def by_file(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Paths in the output folder to the texts they were made with.

    Rows of document and report, the oldest first: of two that made a file, the last holds.
    """
    found: dict[str, str] = {}
    for document, report in rows:
        text = ""
        for shown in json.decode(report, type=Report).outputs.values():
            for file in shown.files:
                if file.folder == "output":
                    text = text or texts_of(bytes(document))
                    found[file.path] = text
    return found
