"""`/queue`, `/history`, `/interrupt`, `/free`."""

from typing import Any

from tests.server.comfyui.talking import begun, entry_of, plain_picture, post, ran, show, slow
from tests.server.serving import Serving, one


def test_an_entry_says_all(comfy: Serving) -> None:
    extra = {"extra_pnginfo": {"workflow": {"id": "w-1"}}, "note": 7}
    graph = plain_picture(2, "folder/entry")
    entry = ran(comfy, graph, client_id="historian", extra_data=extra)
    number, id, prompt, data, outputs = entry["prompt"]
    assert prompt == graph and outputs == ["2"] and number > 0
    assert data["extra_pnginfo"] == extra["extra_pnginfo"] and data["note"] == 7
    assert data["client_id"] == "historian" and data["create_time"] > 1e12
    made = {"filename": "entry_00001_.png", "subfolder": "folder", "type": "output"}
    assert entry["outputs"] == {"2": {"images": [made]}}
    assert entry["meta"]["2"]["node_id"] == "2"
    status = entry["status"]
    assert status["status_str"] == "success" and status["completed"] is True
    assert [name for name, _ in status["messages"]] == [
        "execution_start", "execution_cached", "execution_success",
    ]  # fmt: skip
    assert all(said["prompt_id"] == id for _, said in status["messages"])


def test_unknown_and_unfinished_ids_give_an_empty_object(comfy: Serving) -> None:
    answer = comfy.call("GET", "/history/nobody")
    assert answer.status == 200 and answer.json == {}
    running = begun(comfy, post(comfy, slow(30)).json["prompt_id"])
    assert comfy.call("GET", f"/api/history/{running}").json == {}
    comfy.call("POST", "/interrupt")
    entry = entry_of(comfy, running)
    assert entry["status"]["completed"] is False
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"


def test_a_cached_prompt_stands_in_the_history_too(comfy: Serving) -> None:
    first = ran(comfy, plain_picture(3, "cached"))
    again = ran(comfy, plain_picture(3, "cached"))
    assert again["outputs"] == first["outputs"]
    assert set(again["status"]["messages"][1][1]["nodes"]) == {"1", "2"}


def test_names_count_on(comfy: Serving) -> None:
    names = [
        ran(comfy, plain_picture(color, "count"))["outputs"]["2"]["images"][0]["filename"]
        for color in (4, 5)
    ]
    assert names == ["count_00001_.png", "count_00002_.png"]


def test_names_say_what_other_nodes_hold(comfy: Serving) -> None:
    def saved(prefix: str, **more: Any) -> Any:
        graph = {**plain_picture(9, prefix), **more}
        graph["1"]["_meta"] = {"title": "the blank one"}
        entry = ran(comfy, graph)
        assert entry["prompt"][2]["2"]["inputs"]["filename_prefix"] == prefix
        image = entry["outputs"]["2"]["images"][0]
        return f"{image['subfolder']}/{image['filename']}"

    assert saved("w/%EmptyImage.width%x%height%") == "w/16x8_00001_.png"
    assert saved("w/%the blank one.color%-%width%") == "w/9-16_00001_.png"
    assert saved("w/%SaveImage.none%%") == "w/%SaveImage.none%%_00001_.png"
    text = {"3": {"class_type": "Show", "inputs": {"value": "../../a|b"}}}
    assert saved("w/%Show.value%", **text) == "w/.._.._a_b_00001_.png"
    inside = saved("w/%date:yyyy%/x").split("/")
    assert len(inside[1]) == 4 and inside[2] == "x_00001_.png"
    dots = {**plain_picture(9, "%Show.value%/x"), "3": {**text["3"], "inputs": {"value": ".."}}}
    refused = post(comfy, dots, partial_execution_targets=["2"])
    assert refused.status == 400 and "2" in refused.json["node_errors"]


def test_history_pages_oldest_first(comfy: Serving) -> None:
    comfy.call("POST", "/history", {"clear": True})
    assert comfy.call("GET", "/history").json == {}
    ids = []
    for i in range(4):
        ids.append(post(comfy, show(f"page {i}")).json["prompt_id"])
        entry_of(comfy, ids[-1])
    assert list(comfy.call("GET", "/history").json) == ids
    assert list(comfy.call("GET", "/history?max_items=2").json) == ids[2:]
    assert list(comfy.call("GET", "/history?max_items=2&offset=1").json) == ids[1:3]
    assert comfy.call("GET", "/history?max_items=two").status == 400
    assert comfy.call("POST", "/history", {"delete": [ids[0], "nobody"]}).status == 200
    assert list(comfy.call("GET", "/history").json) == ids[1:]


def test_jobs_of_our_own_api_are_there_as_graphs(comfy: Serving) -> None:
    job = comfy.run(one("Show", value="ours"))
    entry = entry_of(comfy, job["id"])
    assert entry["prompt"][2] == {"it": {"class_type": "Show", "inputs": {"value": "ours"}}}
    assert entry["outputs"] == {"it": {"text": ["ours"]}}


def test_a_failed_prompt_says_where_and_why(comfy: Serving) -> None:
    entry = ran(comfy, {"7": {"class_type": "Broken", "inputs": {}}})
    assert entry["status"]["status_str"] == "error"
    name, data = entry["status"]["messages"][-1]
    assert name == "execution_error"
    assert data["node_id"] == "7" and data["node_type"] == "Broken"
    assert data["exception_type"] == "RuntimeError"
    assert "broken on purpose" in data["exception_message"]
    assert isinstance(data["traceback"], list) and data["current_inputs"] == {}


def test_the_queue_is_shown_and_cleared(comfy: Serving) -> None:
    running = begun(comfy, post(comfy, slow(30), client_id="q").json["prompt_id"])
    waiting = [post(comfy, show(f"wait {i}")).json["prompt_id"] for i in range(3)]
    found = comfy.call("GET", "/queue").json
    assert [row[1] for row in found["queue_running"]] == [running]
    assert [row[1] for row in found["queue_pending"]] == waiting
    _, _, graph, data, outputs = found["queue_running"][0]
    assert graph == slow(30) and data["client_id"] == "q" and outputs == ["1"]
    assert comfy.call("GET", "/prompt").json["exec_info"]["queue_remaining"] == 4
    comfy.call("POST", "/queue", {"delete": waiting[:1]})
    pending = comfy.call("GET", "/queue").json["queue_pending"]
    assert [row[1] for row in pending] == waiting[1:]
    comfy.call("POST", "/queue", {"clear": True})
    assert comfy.call("GET", "/queue").json["queue_pending"] == []
    comfy.call("POST", "/interrupt", {"prompt_id": "another"})
    assert len(comfy.call("GET", "/queue").json["queue_running"]) == 1
    comfy.call("POST", "/interrupt", {"prompt_id": running})
    assert entry_of(comfy, running)["status"]["status_str"] == "error"
    assert comfy.call("GET", f"/history/{waiting[0]}").json == {}


def test_memory_is_freed_on_request(comfy: Serving) -> None:
    def reason() -> str:
        graph = plain_picture(77, "freed")
        id = ran(comfy, graph)["prompt"][1]
        return str(comfy.call("GET", f"/api/v1/jobs/{id}").json["nodes"]["2"]["reason"])

    reason()
    assert "in memory" in reason()
    assert comfy.call("POST", "/free", {}).status == 200
    assert "in memory" in reason()
    assert comfy.call("POST", "/free", {"unload_models": True, "free_memory": True}).status == 200
    assert "on disk" in reason()
