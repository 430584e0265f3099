"""What schemathesis makes of our OpenAPI document, sent to a running server: no fault of its own.

`API_FUZZ=60 python -m pytest tests/server/api/test_fuzz.py` sends so many sound and so many unsound
requests to each operation, others each time; by default each gets two of one kind.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.server.api.contract import contract_with
from tests.server.api.test_contract import form, picture
from tests.server.serving import TRIVIAL, Serving, one

EXAMPLES = int(os.environ.get("API_FUZZ", "2"))
LARGE = "API_FUZZ" in os.environ
CHECKS = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
    checks.response_schema_conformance,
]  # fmt: skip
REFUSED = [*CHECKS, checks.negative_data_rejection]
KNOWN: dict[str, list[str]] = {
    "path": ["a.yaml", "b/c.json", "b", "b/c.json/d.yaml", "seen.png", "../token", "x" * 252],
    "folder": ["input", "output", "temp"],
    "kind": ["checkpoints", "vae"],
    "name": ["nodeflow-tiny"],
    "to": ["b/c.json/d.yaml", "b/c.yaml", "e.yaml", "b", "é" * 125 + ".yaml"],
}
DOCUMENTS: list[Any] = [TRIVIAL, one("Broken"), one("Show", value=["it", 0]), {"nodes": {}}, ""]


def prepare(server: Serving) -> None:
    """Things to find: jobs, workflows, a picture, a draft."""
    ids = [server.run(document)["id"] for document in (TRIVIAL, one("Broken"))]
    KNOWN["id"] = [*ids, "draft", "Show", "txt2img", "0"]
    for path in ("a.yaml", "b/c.json"):
        server.call("PUT", f"/api/v1/workflows/{path}", {"text": "nodes: {}"})
        server.call("PUT", f"/api/v1/workflows/{path}", {"text": "a: b"}, {"If-Match": "*"})
    server.call("POST", "/api/v1/files", *form("seen.png", picture()))
    server.call("PUT", "/api/v1/drafts/draft", {"content": 1})


def values() -> st.SearchStrategy[dict[str, str]]:
    """For some names what the server knows."""
    strategies = {name: st.sampled_from(known) for name, known in KNOWN.items()}
    return st.fixed_dictionaries({}, optional=strategies)


def documents() -> st.SearchStrategy[Any]:
    """A document, or None for what schemathesis makes."""
    return st.sampled_from([None, *DOCUMENTS])


def send(case: Any, known: dict[str, str], document: Any, server: Serving) -> Any:
    """Send a request with some of its values replaced by such as the server knows."""
    for place in (case.path_parameters, case.body):
        for name, value in known.items():
            if isinstance(place, dict) and name in place:
                place[name] = value
    if isinstance(case.body, dict):
        if document is not None and "document" in case.body:
            case.body["document"] = document
        if isinstance(case.body.get("wait"), int | float):
            case.body["wait"] = min(case.body["wait"], 0.01)
    headers = {"Authorization": f"Bearer {server.token}"}
    return case.call(base_url=f"http://127.0.0.1:{server.port}", headers=headers)


def attack(server: Serving, operation: Any, mode: str, expected: list[Any]) -> int:
    """Send an operation requests of a kind; returns how many."""
    sent = 0

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=not LARGE, database=None,
        phases=(Phase.generate, Phase.shrink) if LARGE else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(schemathesis.GenerationMode[mode]), values(), documents())
    def check(case: Any, known: dict[str, str], document: Any) -> None:
        nonlocal sent
        sent += 1
        case.validate_response(send(case, known, document, server), checks=expected)

    with suppress(Unsatisfiable):  # an operation that takes nothing cannot be asked wrongly
        check()
    return sent


def test_no_request_is_a_fault_of_the_server(api_server: Serving) -> None:
    prepare(api_server)
    schema = schemathesis.openapi.from_dict(contract_with(api_server).document)
    operations = [found.ok() for found in schema.get_all_operations()]
    sent = 0
    for number, operation in enumerate(operations):
        if LARGE or number % 2:
            sent += attack(api_server, operation, "POSITIVE", CHECKS)
        if LARGE or not number % 2:
            sent += attack(api_server, operation, "NEGATIVE", REFUSED)
    assert sent >= EXAMPLES * len(operations) * 0.9
    assert api_server.run(TRIVIAL)["state"] == "done"


def test_of_many_saves_of_one_version_one_is_kept(api_server: Serving) -> None:
    path = "/api/v1/workflows/raced.yaml"
    etag = api_server.call("PUT", path, {"document": TRIVIAL}).json["etag"]

    def save(number: int) -> int:
        body = {"document": one("Show", number=number)}
        return api_server.call("PUT", path, body, {"If-Match": etag}).status

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(save, range(8))) == [200, *[412] * 7]
