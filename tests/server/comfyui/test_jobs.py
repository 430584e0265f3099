"""`/jobs`: queue and history as one list."""

from itertools import pairwise
from typing import Any

from tests.server.comfyui.talking import begun, entry_of, plain_picture, post, ran, show, slow
from tests.server.serving import Serving


def listed(server: Serving, query: str) -> list[Any]:
    answer = server.call("GET", f"/api/jobs?{query}")
    assert answer.status == 200, answer.body
    return list(answer.json["jobs"])


def test_a_job_of_each_status(comfy: Serving) -> None:
    extra = {"extra_pnginfo": {"workflow": {"id": "flow-1"}}}
    done = post(comfy, plain_picture(61, "job"), extra_data=extra).json["prompt_id"]
    entry_of(comfy, done)
    broken = post(comfy, {"7": {"class_type": "Broken", "inputs": {}}}).json["prompt_id"]
    entry_of(comfy, broken)
    running = begun(comfy, post(comfy, slow(30)).json["prompt_id"])
    waiting = post(comfy, show("later")).json["prompt_id"]
    assert [job["id"] for job in listed(comfy, "limit=3")] == [waiting, running, broken]
    assert [job["id"] for job in listed(comfy, "status=pending,in_progress")] == [waiting, running]
    assert [job["id"] for job in listed(comfy, "workflow_id=flow-1")] == [done]
    one = comfy.call("GET", f"/api/jobs/{done}").json
    assert one["status"] == "completed" and one["outputs_count"] == 1
    assert one["execution_end_time"] >= one["execution_start_time"] >= one["create_time"]
    preview = one["preview_output"]
    assert preview["nodeId"] == "2" and preview["mediaType"] == "images"
    assert preview == {**one["outputs"]["2"]["images"][0], "nodeId": "2", "mediaType": "images"}
    assert one["workflow"]["prompt"] == plain_picture(61, "job")
    assert one["workflow_id"] == "flow-1" and one["execution_status"]["completed"]
    failed = comfy.call("GET", f"/jobs/{broken}").json
    assert failed["status"] == "failed" and failed["execution_error"]["node_id"] == "7"
    assert comfy.call("GET", "/jobs/nobody").status == 404
    stop = comfy.call("POST", f"/api/jobs/{waiting}/cancel", {})
    assert stop.json == {"cancelled": True}
    assert comfy.call("POST", "/api/jobs/nobody/cancel").json == {"cancelled": False}
    both = comfy.call("POST", "/api/jobs/cancel", {"job_ids": [running, done]})
    assert both.json == {"cancelled": True}
    entry_of(comfy, running)
    assert comfy.call("GET", f"/jobs/{running}").json["status"] == "cancelled"


def test_the_list_is_sorted_and_paged(comfy: Serving) -> None:
    ids = []
    for i in range(3):
        ids.append(post(comfy, show(f"sorted {i}")).json["prompt_id"])
        entry_of(comfy, ids[-1])
    answer = comfy.call("GET", "/api/jobs?limit=2&offset=1&sort_order=desc").json
    assert [job["id"] for job in answer["jobs"]] == [ids[1], ids[0]]
    page = answer["pagination"]
    assert (page["offset"], page["limit"]) == (1, 2) and page["total"] >= 3
    assert page["has_more"] == (page["total"] > 3)
    newest = listed(comfy, "sort_order=asc")[-1]
    assert newest["id"] == ids[2]
    text = newest["preview_output"]
    assert text == {"content": "sorted 2", "nodeId": "1", "mediaType": "text"}
    spans = [
        job.get("execution_end_time", 0) - job.get("execution_start_time", 0)
        for job in listed(comfy, "sort_by=execution_duration&status=completed")
    ]
    assert all(a >= b - 1 for a, b in pairwise(spans))
    for query in ("status=foo", "sort_by=foo", "sort_order=foo", "limit=0", "limit=x", "offset=x"):
        assert comfy.call("GET", f"/api/jobs?{query}").status == 400, query
    assert ran(comfy, show("end"))["status"]["completed"]


def test_a_paused_prompt_waits(comfy: Serving) -> None:
    running = begun(comfy, post(comfy, slow(30)).json["prompt_id"])
    waiting = post(comfy, show("paused")).json["prompt_id"]
    assert comfy.call("POST", f"/api/v1/jobs/{waiting}/pause").status == 200
    assert [row[1] for row in comfy.call("GET", "/queue").json["queue_pending"]] == [waiting]
    assert comfy.call("GET", f"/api/jobs/{waiting}").json["status"] == "pending"
    assert comfy.call("GET", f"/api/v2/jobs/{waiting}").json["status"] == "queued"
    assert comfy.call("GET", f"/history/{waiting}").json == {}
    comfy.call("POST", "/interrupt")
    entry_of(comfy, running)
    assert comfy.call("GET", "/prompt").json["exec_info"]["queue_remaining"] == 0
    comfy.call("POST", "/queue", {"delete": [waiting]})
    assert comfy.call("GET", f"/api/v1/jobs/{waiting}?wait=20").json["state"] == "cancelled"
    assert comfy.call("GET", f"/api/jobs/{waiting}").json["status"] == "cancelled"
