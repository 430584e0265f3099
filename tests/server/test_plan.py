"""What a run would do, asked of a real server before it."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.serving import Serving, one, serving
from tests.server.watching import job, posted, sampling, until

WORKFLOW: dict[str, Any] = {
    "name": "planned",
    "nodes": {
        "text": {"node": "PrimitiveString", "value": "one"},
        "show": {"node": "Show", "value": "$text"},
    },
}


def planned(server: Serving, document: dict[str, Any], **more: Any) -> Any:
    answer = server.call("POST", "/api/v1/plan", {"document": document, **more})
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


def drawing(**changes: dict[str, Any]) -> dict[str, Any]:
    """The example workflow in a step, with a node too cheap for the disk, and other literals."""
    document = sampling(1)
    document["nodes"]["cheap"] = {"node": "RescaleCFG", "model": "$checkpoint.MODEL"}
    document["nodes"]["sampler"]["model"] = "$cheap"
    for name, literals in changes.items():
        document["nodes"][name] |= literals
    return {**document, "name": "drawn"}


EDITS = (
    drawing(),
    drawing(),
    drawing(sampler={"seed": 2}),
    drawing(sampler={"seed": 2}, canvas={"width": 64}),
    drawing(positive={"text": "a cactus on a pink background"}),
    drawing(save={"filename_prefix": "other"}),
    drawing(cheap={"multiplier": 0.1}),
    drawing(sampler={"cfg": 2.0}, negative={"text": "blue"}),
    drawing(),
)


def told(reason: str) -> str:
    """A reason without the age, and without what only a run can know."""
    reason = re.sub(r", \d+ \w+ old", "", reason).partition("; ")[0]
    return re.sub("after it ran$", "after it runs", reason)


def does_as_planned(server: Serving, document: dict[str, Any], **more: Any) -> Any:
    """The plan, after the run has done just that for the reasons it said."""
    plan = planned(server, document, **more)
    job = server.run(document, **more)
    assert job["state"] == "done", job
    done = {"ran": "run", "cached": "reuse"}
    assert {name: (n["action"], told(n["reason"])) for name, n in plan["nodes"].items()} == {
        name: (done[n["state"]], told(n["reason"])) for name, n in job["nodes"].items()
    }
    return plan


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Serving]:
    """A server that has run nothing."""
    with serving(tmp_path) as started:
        yield started


def test_a_run_does_what_its_plan_said_through_edits_and_the_worker_s_death(
    fresh: Serving,
) -> None:
    server = fresh
    plans = [does_as_planned(server, document) for document in EDITS]
    assert {node["action"] for node in plans[0]["nodes"].values()} == {"run"}
    cheap = plans[2]["nodes"]["cheap"]
    assert (cheap["action"], cheap["tier"]) == ("reuse", "memory")
    assert cheap["reason"].startswith("same inputs, in memory")
    edited = drawing(sampler={"seed": 3})
    assert planned(server, edited)["nodes"]["cheap"]["action"] == "reuse"
    worker = server.worker_pid()
    os.kill(worker, signal.SIGKILL)
    until(lambda: server.worker_pid() != worker, "a new worker")
    after = does_as_planned(server, edited)["nodes"]
    assert (after["cheap"]["action"], after["cheap"]["reason"]) == ("run", "too cheap to keep")
    assert after["positive"]["tier"] == "disk"


def test_what_was_freed_is_not_counted_on(server: Serving) -> None:
    server.run(drawing())
    edited = drawing(sampler={"seed": 4})
    assert planned(server, edited)["nodes"]["cheap"]["action"] == "reuse"
    assert server.call("POST", "/api/v1/workers/free").status == 202
    assert planned(server, edited)["nodes"]["cheap"]["action"] == "run"
    does_as_planned(server, edited)


def states(server: Serving) -> list[str]:
    """Of all workers."""
    workers = server.call("GET", "/api/v1/health").json["workers"]
    return [worker["state"] for worker in workers]


def test_of_several_workers_the_one_that_would_run_it_is_asked(tmp_path: Path) -> None:
    edited = drawing(sampler={"seed": 2})
    with serving(tmp_path, "--workers", "2") as server:
        until(lambda: states(server) == ["idle", "idle"], "two workers")
        server.run(drawing())
        assert planned(server, edited)["nodes"]["cheap"]["action"] == "reuse"
        slow = posted(server, one("Slow", seconds=60))
        until(lambda: job(server, slow)["state"] == "running", "the first at work")
        assert does_as_planned(server, edited)["nodes"]["cheap"]["action"] == "run"
        other = posted(server, one("Slow", seconds=60))
        until(lambda: job(server, other)["state"] == "running", "both at work")
        nodes = planned(server, edited)["nodes"]
        assert {node["action"] for node in nodes.values()} == {"reuse"}
        cheap = planned(server, drawing(sampler={"seed": 3}))["nodes"]["cheap"]
        assert cheap["action"] == "reuse"
        for id in (slow, other):
            server.call("POST", f"/api/v1/jobs/{id}/cancel")


@pytest.mark.parametrize(
    ("seed", "names"),
    [(5, {"client": "a-tab"}), (7, {"client": "a-tab", "workflow": "drawings/a.yaml"})],
)
def test_reasons_compare_with_the_last_run_of_that_name(
    server: Serving, seed: int, names: dict[str, str]
) -> None:
    document = drawing(sampler={"seed": seed})
    del document["name"]
    does_as_planned(server, document, **names)
    document["nodes"]["sampler"]["seed"] += 1
    found = does_as_planned(server, document, **names)["nodes"]["sampler"]
    assert found["reason"] == f"seed changed from {seed} to {seed + 1}"


def test_where_no_disk_can_be_used_memory_is_counted_on(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    with serving(tmp_path) as server:
        job = server.run(drawing())
        again = does_as_planned(server, drawing())
        assert again["nodes"]["save"]["tier"] == "memory"
        [made] = job["outputs"]["save"]["files"]
        (tmp_path / "work" / "output" / made["path"]).unlink()
        gone = does_as_planned(server, drawing())["nodes"]
        assert gone["save"]["cause"] == "file gone" and gone["image"]["action"] == "reuse"
