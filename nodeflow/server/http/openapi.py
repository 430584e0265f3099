"""The OpenAPI 3.1 document, out of the routes and the types of their handlers."""

import re
from http import HTTPStatus
from typing import Any

import msgspec

from nodeflow import __version__
from nodeflow.server.http.fault import TYPE
from nodeflow.server.http.route import Route

Schema = dict[str, Any]


class Schemas:
    """JSON schemas of types; those with names stand once, in `components`."""

    def __init__(self, types: list[Any]) -> None:
        self._types = types
        self._schemas, self.components = msgspec.json.schema_components(
            types, ref_template="#/components/schemas/{name}"
        )

    def of(self, kind: Any) -> Schema:
        """The schema of a type; what is a schema already stays."""
        return self._schemas[self._types.index(kind)] if kind in self._types else kind

    def fields(self, kind: Any) -> dict[str, Schema]:
        """The schemas of a struct's fields."""
        name = self.of(kind)["$ref"].rsplit("/", 1)[1]
        fields: dict[str, Schema] = self.components[name]["properties"]
        return fields


def openapi(routes: list[Route], fault: Any, cookie: str) -> dict[str, Any]:
    """The document; fault: the type of every answer that is no success; cookie: its name."""
    given = [(r.body, r.query, r.answer, *r.takes.values()) for r in routes]
    types = [fault, *(t for each in given for t in each if not isinstance(t, dict | None))]
    schemas = Schemas(types)
    paths: dict[str, Any] = {}
    for route in routes:
        path = re.sub(r"\{(\w+):[^}]+\}", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = operation(route, path, schemas, fault)
    return {
        "openapi": "3.1.0",
        "info": {"title": "nodeflow", "version": __version__},
        "security": [{"bearer": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": cookie},
            },
        },
    }


def operation(route: Route, path: str, schemas: Schemas, fault: Any) -> dict[str, Any]:
    """One method of one path."""
    text: Schema = {"type": "string"}
    parameters = [parameter(name, "path", text) for name in re.findall(r"\{(\w+)\}", path)]
    if route.query is not None:
        fields = schemas.fields(route.query)
        parameters += [parameter(name, "query", field) for name, field in fields.items()]
    parameters += [parameter(name, "header", text) for name in route.heeds]
    resource = route.handler.__module__.rsplit(".", 1)[1]
    described: dict[str, Any] = {
        "operationId": f"{resource}_{route.handler.__name__}",
        "tags": [resource],
        "summary": (route.handler.__doc__ or "").split("\n")[0],
        "parameters": parameters,
        "responses": {
            **{str(status): success(route, status, schemas) for status in route.statuses},
            "default": {"description": "a fault", "content": {TYPE: {"schema": schemas.of(fault)}}},
        },
    }
    takes = route.takes if route.body is None else {"application/json": route.body}
    if takes:
        content = {media: {"schema": schemas.of(kind)} for media, kind in takes.items()}
        described["requestBody"] = {"required": True, "content": content}
    if route.public:
        described["security"] = []
    return described


def parameter(name: str, place: str, schema: Schema) -> dict[str, Any]:
    """A part of the path, of the query, or a header."""
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def success(route: Route, status: int, schemas: Schemas) -> dict[str, Any]:
    """An answer without problem details."""
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if status in (200, 201, 202, 206):
        if route.answer is not None:
            described["content"] = {"application/json": {"schema": schemas.of(route.answer)}}
        elif route.media:
            described["content"] = {route.media: {"schema": {}}}
    if route.tells:
        described["headers"] = {name: {"schema": {"type": "string"}} for name in route.tells}
    return described
