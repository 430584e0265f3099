"""What a client did wrong, as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from aiohttp import web
from msgspec import Raw, json

TYPE = "application/problem+json"


class Fault(Exception):
    """An HTTP status, a stable code, words, and the problems of a workflow as JSON text."""

    def __init__(
        self, status: int, code: str, detail: str, problems: bytes = b"[]", **more: Any
    ) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.problems, self.more = problems, more
        super().__init__(detail)

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
