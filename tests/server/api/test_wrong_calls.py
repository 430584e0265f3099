"""Wrong calls of each kind: what was expected and the nearest of that, never a traceback."""

import io
from typing import Any

import pytest
from PIL import Image

from tests.server.api.contract import contract_with
from tests.server.serving import TRIVIAL, Serving, one

API = "/api/v1"
NEAR: list[tuple[str, str, Any, int, str]] = [
    ("GET", "/jbos", None, 404, "/api/v1/jobs"),
    ("POST", "/cache/clea", None, 404, "/api/v1/cache/clear"),
    ("GET", "/jobs?stat=done", None, 400, "state"),
    ("GET", "/jobs?state=done,faild", None, 400, "failed"),
    ("GET", "/jobs/x?wiat=1", None, 400, "wait"),
    ("GET", "/events?snce=1", None, 400, "since"),
    ("POST", "/jobs", {"document": TRIVIAL, "prioritty": 1}, 400, "priority"),
    ("POST", "/jobs", {"documnt": TRIVIAL}, 400, "document"),
    ("POST", "/jobs", {"document": TRIVIAL, "only": ["txt"]}, 422, "text"),
    ("POST", "/jobs", {"document": TRIVIAL, "set": {"txt.value": 1}}, 422, "text"),
    ("POST", "/jobs", {"document": TRIVIAL, "set": {"text.valu": 1}}, 422, "value"),
    ("POST", "/jobs", {"document": one("Shw")}, 422, "Show"),
    ("POST", "/jobs/x/move", {"to": "frnt"}, 400, "front"),
    ("PATCH", "/jobs/x", {"prioriy": 1}, 400, "priority"),
    ("POST", "/jobs/cancel", {"states": ["queued", "runing"]}, 400, "running"),
    ("POST", "/history/clear", {"states": ["doen"]}, 400, "done"),
    ("POST", "/plan", {"document": one("Show", valu="x")}, 422, "value"),
    ("POST", "/convert", {"txt": "x"}, 400, "text"),
    ("GET", "/node-types/KSamplr", None, 404, "KSampler"),
    ("GET", "/models/checkpoint", None, 404, "checkpoints"),
    ("GET", "/models/checkpoints/tiny-emoj", None, 404, "tiny-emoji.safetensors"),
    ("POST", "/models/checkpoints/tiny-emoj/hash", None, 404, "tiny-emoji.safetensors"),
    ("POST", "/models/chekpoints/tiny-emoji/hash", None, 404, "checkpoints"),
    ("GET", "/files/ouput", None, 404, "output"),
    ("GET", "/files/output?limt=3", None, 400, "limit"),
    ("GET", "/workflows/near/frst.yaml", None, 404, "near/first.yaml"),
    ("PUT", "/workflows/x.yaml", {"txt": "nodes: {}"}, 400, "text"),
    ("GET", "/templates/txt2im", None, 404, "txt2img"),
    ("PUT", "/drafts/d", {"contnt": 1}, 400, "content"),
    ("PATCH", "/settings", {"value": {}}, 400, "values"),
]


def told(server: Serving, answer: Any, status: int) -> Any:
    """The problem details of an answer."""
    api = contract_with(server)
    assert answer.status == status, answer.body
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert b"Traceback" not in answer.body and b"/tmp/" not in answer.body
    api.validate(answer.json, {"$ref": "#/components/schemas/ProblemDetails"}, "a fault")
    return answer.json


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "near"), NEAR, ids=[f"{c[0]} {c[1]} {c[4]}" for c in NEAR]
)
def test_the_nearest_valid_choice_is_told(
    server: Serving, method: str, path: str, body: Any, status: int, near: str
) -> None:
    if "near" in path:
        server.call("PUT", f"{API}/workflows/near/first.yaml", {"text": "nodes: {}"})
    found = told(server, server.call(method, API + path, body), status)
    assert near in found["problems"][0]["nearest"], found


def test_what_was_expected_is_told(server: Serving) -> None:
    def detail(answer: Any, status: int) -> str:
        return str(told(server, answer, status)["detail"])

    wrong = {"document": TRIVIAL, "priority": 5000}
    assert "priority: Expected `int` <= 1000" in detail(
        server.call("POST", f"{API}/jobs", wrong), 400
    )
    assert "missing required field `content`" in detail(
        server.call("PUT", f"{API}/drafts/d", {}), 400
    )
    assert "it takes GET, POST" in detail(server.call("DELETE", f"{API}/jobs"), 405)
    assert "ws://" in detail(server.call("GET", f"{API}/events"), 426)
    for path, kind in (("jobs", "text/plain"), ("convert", "text/plain"), ("files", "image/png")):
        answer = server.call("POST", f"{API}/{path}", b"x", {"Content-Type": kind})
        assert "send " in detail(answer, 415)
    picture = server.call("POST", f"{API}/convert", b"x", {"Content-Type": "image/png"})
    assert "its format is not known" in detail(picture, 422)
    plain = io.BytesIO()
    Image.new("RGB", (8, 8)).save(plain, "PNG")
    empty = server.call("POST", f"{API}/convert", plain.getvalue(), {"Content-Type": "image/png"})
    assert "carries no workflow" in detail(empty, 422)
    assert "Traceback" not in server.log


def test_a_long_address_is_not_compared(server: Serving) -> None:
    found = told(server, server.call("GET", f"{API}/" + "x" * 5000), 404)
    assert found["problems"] == []
