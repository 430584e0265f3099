"""Jobs over HTTP on real processes: run, wait, cancel, order, retry, history."""

from pathlib import Path

import yaml

from tests.server.serving import ROOT, Serving, one
from tests.server.watching import ended, job, posted, until


def test_a_picture_is_made_and_served(server: Serving) -> None:
    document = yaml.safe_load((ROOT / "workflows/txt2img.yaml").read_text())
    made = server.run(document, set={"sampler.steps": 2}, inputs={"prompt": "a red apple"})
    assert made["state"] == "done", made
    file = made["outputs"]["save"]["files"][0]
    picture = server.call("GET", file["url"])
    assert picture.status == 200 and picture.body.startswith(b"\x89PNG")
    assert picture.headers["content-type"] == "image/png"
    small = server.call("GET", file["url"] + "?thumbnail=32")
    assert small.body[8:12] == b"WEBP" and len(small.body) < len(picture.body)
    tag = {"If-None-Match": small.headers["etag"]}
    assert server.call("GET", file["url"] + "?thumbnail=32&v=1", headers=tag).status == 304
    assert server.call("GET", file["url"] + "?thumbnail=64", headers=tag).status == 200
    exact = server.call("GET", f"/api/v1/jobs/{made['id']}/document").json
    assert exact["nodes"]["sampler"]["steps"] == 2
    assert exact["nodes"]["positive"]["text"] == "a red apple"
    again = server.run(document, set={"sampler.steps": 2}, inputs={"prompt": "a red apple"})
    assert {node["state"] for node in again["nodes"].values()} == {"cached"}
    assert again["outputs"]["save"]["files"][0]["path"] == file["path"]
    converted = server.call("POST", "/api/v1/convert", picture.body, {"Content-Type": "image/png"})
    assert converted.json["document"]["nodes"]["positive"]["text"] == "a red apple"


def test_a_wrong_document_is_refused_with_all_its_problems(server: Serving) -> None:
    document = {"nodes": {"a": {"node": "Shoe"}, "b": {"node": "Show", "number": "x"}}}
    answer = server.call("POST", "/api/v1/jobs", {"document": document})
    assert answer.status == 422 and answer.json["code"] == "invalid_workflow"
    assert answer.headers["content-type"].startswith("application/problem+json")
    codes = {problem["code"] for problem in answer.json["problems"]}
    assert codes == {"unknown_node", "type_mismatch"}
    text = server.call("POST", "/api/v1/validate", {"document": "nodes:\n  a: {node: Shoe}\n"})
    assert text.json["problems"][0]["position"] == {"line": 2, "column": 3}
    assert "Show" in text.json["problems"][0]["nearest"]


def test_an_id_may_be_posted_twice(server: Serving) -> None:
    first = server.run(one("Show", value="once"), id="mine-1")
    second = server.run(one("Show", value="once"), id="mine-1")
    assert first["number"] == second["number"]
    other = {"document": one("Show", value="else"), "id": "mine-1"}
    assert server.call("POST", "/api/v1/jobs", other).status == 409


def test_a_running_job_is_cancelled_and_a_waiting_one_never_starts(server: Serving) -> None:
    running = posted(server, one("Slow", seconds=60))
    until(lambda: job(server, running)["state"] == "running", "a running job")
    waiting = server.run(one("Show", value="later"), wait=0)
    assert waiting["state"] == "queued"
    assert server.call("POST", f"/api/v1/jobs/{waiting['id']}/cancel").json["state"] == "cancelled"
    server.call("POST", f"/api/v1/jobs/{running}/cancel")
    assert ended(server, running)["state"] == "cancelled"
    retried = server.call("POST", f"/api/v1/jobs/{waiting['id']}/retry").json
    assert retried["retry_of"] == waiting["id"]
    assert ended(server, retried["id"])["state"] == "done"


def test_the_queue_takes_turns_between_clients_and_can_be_reordered(server: Serving) -> None:
    server.call("POST", "/api/v1/queue/pause")
    try:
        ids = {}
        for client, count in (("greedy", 3), ("modest", 1)):
            for i in range(count):
                made = server.run(one("Show", value=f"{client}{i}"), wait=0, client=client)
                ids[f"{client}{i}"] = made["id"]
        urgent = server.run(one("Show", value="urgent"), wait=0, priority=5, client="greedy")

        def order() -> list[str]:
            names = {id: name for name, id in ids.items()} | {urgent["id"]: "urgent"}
            return [names[job["id"]] for job in server.call("GET", "/api/v1/queue").json["queued"]]

        assert order() == ["urgent", "greedy0", "modest0", "greedy1", "greedy2"]
        server.call("POST", f"/api/v1/jobs/{ids['greedy2']}/move", {"before": ids["modest0"]})
        assert order() == ["urgent", "greedy0", "greedy2", "modest0", "greedy1"]
        server.call("POST", f"/api/v1/jobs/{ids['greedy1']}/move", {"to": "front"})
        assert order()[0] == "greedy1"
    finally:
        server.call("POST", "/api/v1/queue/resume")
    for id in (*ids.values(), urgent["id"]):
        assert ended(server, id)["state"] == "done"


def test_a_failed_node_fails_its_job_with_its_name(server: Serving) -> None:
    made = server.run(one("Broken"))
    assert made["state"] == "failed"
    assert made["error"]["node"] == "it" and "broken on purpose" in made["error"]["message"]
    assert made["failures"][0]["trace"].startswith("Traceback")


def test_history_pages_and_is_cleared(server: Serving) -> None:
    for i in range(3):
        server.run(one("Show", value=f"h{i}"), client="historian")
    page = server.call("GET", "/api/v1/jobs?client=historian&limit=2").json
    rest = server.call("GET", f"/api/v1/jobs?client=historian&before={page['next']}").json
    assert len(page["jobs"]) == 2 and len(rest["jobs"]) == 1
    id = rest["jobs"][0]["id"]
    assert server.call("DELETE", f"/api/v1/jobs/{id}").status == 204
    assert server.call("GET", f"/api/v1/jobs/{id}").status == 404


def test_many_prints_stay_in_the_worker(server: Serving) -> None:
    made = server.run(one("Loud", megabytes=30))
    assert made["state"] == "done"
    assert len(server.log) < 5_000_000


def test_health_answers_while_a_job_hears_nothing(server: Serving, tmp_path: Path) -> None:
    id = posted(server, one("Until", marker=str(tmp_path / "over")))
    until(lambda: job(server, id)["nodes"], "a running node")
    for _ in range(20):
        health = server.call("GET", "/api/v1/health", timeout=20)
        assert health.json["workers"][0]["job"] == id
    (tmp_path / "over").touch()
    assert ended(server, id)["state"] == "done"
