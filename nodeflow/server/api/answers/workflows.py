"""Workflow files, their versions, the trash, templates."""

from typing import Any, TypedDict

from nodeflow.server.api.answers.problem import Problem


class WorkflowFile(TypedDict):
    """A workflow file."""

    path: str
    name: str
    modified: float
    size: int


class WorkflowFiles(TypedDict):
    """All workflow files of the user."""

    workflows: list[WorkflowFile]


class Opened(TypedDict):
    """A text and the document in it, null where the problems say why."""

    document: dict[str, Any] | None
    problems: list[Problem]
    text: str


class OpenedWorkflow(Opened):
    """A workflow file."""

    path: str
    etag: str
    modified: float


class SavedWorkflow(TypedDict):
    """A workflow file as it stands now."""

    path: str
    etag: str
    modified: float


class MovedWorkflow(TypedDict):
    """Where a workflow file is now."""

    path: str
    etag: str


class Version(TypedDict):
    """An older content."""

    id: str
    saved: float
    size: int


class Versions(TypedDict):
    """Older contents, newest first."""

    versions: list[Version]


class TrashItem(TypedDict):
    """A deleted workflow."""

    id: str
    path: str
    deleted: float


class Trash(TypedDict):
    """Deleted workflows, newest first."""

    items: list[TrashItem]


class Restored(TypedDict):
    """Where a workflow came back to."""

    path: str


class Template(TypedDict):
    """A workflow that ships with the program; nodes: how many."""

    id: str
    name: str
    description: str
    nodes: int


class Templates(TypedDict):
    """Workflows that ship with the program."""

    templates: list[Template]
