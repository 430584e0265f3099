"""Folders out of a message, for each user."""

from pathlib import Path

from msgspec import json

from nodeflow.graph.problem import WorkflowError
from nodeflow.node.folders import Folders, ModelRoot
from nodeflow.server.process.messages import Places


def folders_of(places: Places, user: str) -> Folders:
    """The folders of a user; with a name, folders of that name in each."""
    roots = tuple(map(model_root, places.models))
    return Folders(
        Path(places.output) / user, Path(places.input) / user, Path(places.temp) / user, roots
    )


def model_root(place: str | dict[str, tuple[str, ...]]) -> ModelRoot:
    """A root of model files with the folders that it has now."""
    if isinstance(place, str):
        return ModelRoot.at(Path(place))
    return ModelRoot({kind: tuple(map(Path, folders)) for kind, folders in place.items()})


def problems_json(error: WorkflowError) -> bytes:
    """All problems with the fields of the command line's JSON."""
    return json.encode(error.problems)
