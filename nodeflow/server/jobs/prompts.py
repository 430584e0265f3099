"""What pictures were asked for with: the texts of the documents that made them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import DecodeError, json

from nodeflow.server.jobs.job import Report


def texts_of(document: bytes) -> str:
    """All texts that stand at inputs of a document's nodes, also inside its subgraphs."""
    try:
        return "\n".join(_texts(json.decode(document)))
    except DecodeError:
        return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if not value.startswith("$"):
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("node", "layout", "metadata"):
                yield from _texts(item)


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
