"""A client that holds every answer against the server's OpenAPI document."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from tests.server.serving import Answer, Serving


def closed(schema: Any) -> Any:
    """The schema without room for fields that it does not name."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    if inner.get("type") == "object" and ("properties" in inner or inner.get("title")):
        inner.setdefault("additionalProperties", False)
    return inner


@dataclass
class Contract:
    """`seen`: method, path and status of each answer that was as described."""

    server: Serving
    document: dict[str, Any]
    seen: set[tuple[str, str, int]] = field(default_factory=set)

    def promised(self) -> set[tuple[str, str, int]]:
        """Every answer that the document describes, but for faults."""
        return {
            (method.upper(), path, int(status))
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            for status in operation["responses"]
            if status != "default"
        }

    def call(
        self, method: str, path: str, /, body: Any = None,
        headers: dict[str, str] | None = None, query: str = "", **parts: str,
    ) -> Answer:  # fmt: skip
        """One request to a path of the document, whose answer must be one of those described."""
        address = path.format(**{name: quote(value) for name, value in parts.items()}) + query
        answer = self.server.call(method, address, body, headers)
        self.check(method, path, answer)
        return answer

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Hold an answer against the document."""
        where = f"{method} {path} {answer.status}: {answer.body[:500]!r}"
        responses = self.document["paths"][path][method.lower()]["responses"]
        described = responses.get(str(answer.status))
        if described is None:
            assert answer.status >= 400, where
            described = responses["default"]
        content = described.get("content", {})
        media = answer.headers.get("content-type", "").partition(";")[0]
        if not content:
            assert not answer.body, where
        elif "*/*" not in content:
            assert media in content, where
            if media.endswith("json"):
                self.validate(answer.json, content[media]["schema"], where)
        self.seen.add((method, path, answer.status))

    def validate(self, value: Any, schema: Any, where: str) -> None:
        """Raise AssertionError where a value is not as its schema says."""
        whole = {**deepcopy(schema), "components": self.document["components"]}
        faults = jsonschema_rs.validator_for(closed(whole)).iter_errors(value)
        told = [f"{'/'.join(map(str, e.instance_path))}: {e.message[:300]}" for e in faults]
        assert not told, (where, told)


def contract_with(server: Serving) -> Contract:
    """A client of a server, by its own description."""
    answer = server.call("GET", "/api/v1/openapi.json")
    assert answer.status == 200
    return Contract(server, answer.json)
