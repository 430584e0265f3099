"""What a run would do, asked of a real server before it."""

from typing import Any

from tests.server.serving import Serving

WORKFLOW: dict[str, Any] = {
    "name": "planned",
    "nodes": {
        "text": {"node": "PrimitiveString", "value": "one"},
        "show": {"node": "Show", "value": "$text"},
    },
}


def planned(server: Serving, document: dict[str, Any]) -> Any:
    answer = server.call("POST", "/api/v1/plan", {"document": document})
    assert answer.status == 200, answer.body
    return answer.json


def test_a_plan_says_what_runs_why_and_for_how_long(server: Serving) -> None:
    first = planned(server, WORKFLOW)
    assert first["nodes"]["show"]["action"] == "run"
    assert first["nodes"]["show"]["reason"] == "never computed"
    assert first["outputs"] == ["show"]
    assert server.run(WORKFLOW)["state"] == "done"
    again = planned(server, WORKFLOW)
    assert {node["action"] for node in again["nodes"].values()} == {"reuse"}
    assert again["seconds"] == 0.0
    nodes = {**WORKFLOW["nodes"], "text": {"node": "PrimitiveString", "value": "two"}}
    edited = planned(server, {**WORKFLOW, "nodes": nodes})
    assert edited["nodes"]["show"]["action"] == "run"
    assert "text" in edited["nodes"]["show"]["reason"]
    assert edited["nodes"]["show"]["seconds"] > 0
