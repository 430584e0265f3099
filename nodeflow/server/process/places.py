"""Folders out of a message, for each user."""

from pathlib import Path

from msgspec import json

from nodeflow.graph.problem import WorkflowError
from nodeflow.node.folders import Folders, ModelRoot
from nodeflow.server.process.messages import Places


def folders_of(places: Places, user: str) -> Folders:
    """The folders of a user; with a name, folders of that name in each."""
    roots = tuple(
        ModelRoot({kind: tuple(map(Path, folders)) for kind, folders in root.items()})
        for root in places.models
    )
    return Folders(
        Path(places.output) / user, Path(places.input) / user, Path(places.temp) / user, roots
    )


def problems_json(error: WorkflowError) -> bytes:
    """All problems with the fields of the command line's JSON."""
    return json.encode(error.problems)
