"""The OpenAPI 3.1 document, out of the routes and the types of their handlers."""

import re
from typing import Any

import msgspec

from nodeflow import __version__
from nodeflow.server.http.fault import TYPE
from nodeflow.server.http.route import Route

ANY: dict[str, Any] = {}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "problems"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "problems": {"type": "array", "items": {"type": "object"}},
    },
}


def openapi(routes: list[Route]) -> dict[str, Any]:
    """The document. Raw JSON fields are described as anything."""
    types = [t for route in routes for t in (route.body, route.query) if t is not None]
    schemas, components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}", schema_hook=lambda kind: ANY
    )
    by_type = dict(zip(map(id, types), schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in routes:
        path = re.sub(r"\{(\w+):[^}]+\}", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = operation(
            route, path, by_type, components
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "nodeflow", "version": __version__},
        "security": [{"bearer": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": {**components, "ProblemDetails": PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "nodeflow"},
            },
        },
    }


def operation(
    route: Route, path: str, by_type: dict[int, Any], components: dict[str, Any]
) -> dict[str, Any]:
    """One method of one path."""
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]
    if route.query is not None:
        schema = components[by_type[id(route.query)]["$ref"].rsplit("/", 1)[1]]
        parameters += [
            {"name": name, "in": "query", "required": False, "schema": described}
            for name, described in schema["properties"].items()
        ]
    problem = {
        "description": "a fault",
        "content": {TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    }
    described: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{re.sub(r'[^a-z0-9]+', '_', path.lower())}",
        "summary": (route.handler.__doc__ or "").split("\n")[0],
        "parameters": parameters,
        "responses": {
            str(route.status): {"description": "done"},
            "default": problem,
        },
    }
    if route.body is not None:
        schema = {"schema": by_type[id(route.body)]}
        described["requestBody"] = {"required": True, "content": {"application/json": schema}}
    if route.public:
        described["security"] = []
    return described
