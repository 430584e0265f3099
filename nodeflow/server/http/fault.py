"""What a client did wrong, as problem details (RFC 9457)."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from msgspec import Raw, json

from nodeflow.graph.problem import Problem, ProblemCode
from nodeflow.server.refusals import absent, sentence

TYPE = "application/problem+json"


class Fault(Exception):
    """An HTTP status, a stable code, words, and the problems of a workflow as JSON text."""

    def __init__(
        self, status: int, code: str, detail: str, problems: bytes = b"[]", **more: Any
    ) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.problems, self.more = problems, more
        super().__init__(detail)

    @classmethod
    def about(
        cls, status: int, code: str, message: str, input: str | None = None,
        expected: str | None = None, nearest: tuple[str, ...] = (),
    ) -> "Fault":  # fmt: skip
        """A fault with one problem: what was expected of which input, and the nearest of that."""
        problem = Problem(
            ProblemCode.CALL, message, input=input, expected=expected, nearest=nearest
        )
        return cls(status, code, sentence(problem), json.encode([problem]))

    @classmethod
    def unknown(cls, message: str, name: str, known: Iterable[str]) -> "Fault":
        """There is none of that name; the nearest that there are are told."""
        return cls(404, "not_found", *absent(message, name, known))

    def response(self) -> web.Response:
        """The answer that tells it."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "problems": Raw(self.problems),
            **self.more,
        }
        return web.Response(status=self.status, body=json.encode(body), content_type=TYPE)
