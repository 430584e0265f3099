"""What a question to the inspector is answered with."""

from collections.abc import Iterable
from typing import Any

from nodeflow.server.refusals import absent

Found = tuple[Any, bytes]
"""JSON body, blob."""


class Unanswerable(Exception):
    """The question has no answer: an HTTP status, a code, words, and problems as JSON text."""

    def __init__(self, status: int, code: str, detail: str, problems: bytes = b"[]") -> None:
        self.status, self.code, self.problems = status, code, problems
        super().__init__(detail)


def unknown(message: str, name: str, known: Iterable[str]) -> Unanswerable:
    """There is none of that name; the nearest that there are are told."""
    return Unanswerable(404, "not_found", *absent(message, name, known))
