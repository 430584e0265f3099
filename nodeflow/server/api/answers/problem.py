"""Faults and the problems of documents."""

from typing import NotRequired, TypedDict


class Place(TypedDict):
    """Where in a text; both count from 1."""

    line: int
    column: int


class Problem(TypedDict):
    """What is wrong with a workflow: where, what was expected, the nearest valid choices."""

    code: str
    message: str
    file: NotRequired[str | None]
    position: NotRequired[Place | None]
    node: NotRequired[str | None]
    input: NotRequired[str | None]
    expected: NotRequired[str | None]
    nearest: NotRequired[list[str]]
    hint: NotRequired[str | None]


class Standing(TypedDict):
    """The file as it is, where it is not as the client thought."""

    etag: str
    modified: float


class ProblemDetails(TypedDict):
    """A fault (RFC 9457). code: stable; detail: words; current, revision: what stands instead."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    problems: list[Problem]
    current: NotRequired[Standing]
    revision: NotRequired[int]


class Nothing(TypedDict):
    """An object without fields: it was accepted."""
