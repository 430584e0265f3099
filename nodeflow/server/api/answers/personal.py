"""A user's settings and drafts."""

from typing import Any, TypedDict


class SettingsShown(TypedDict):
    """All settings of the user."""

    values: dict[str, Any]


class DraftListed(TypedDict):
    """A draft without its content."""

    id: str
    title: str | None
    workflow: str | None
    updated: float
    revision: int


class DraftShown(DraftListed):
    """A draft."""

    content: Any


class Drafts(TypedDict):
    """All drafts of the user."""

    drafts: list[DraftListed]


class DraftSaved(TypedDict):
    """The revision to send with the next save."""

    id: str
    updated: float
    revision: int
