"""`/prompt`: accepted, refused, and how a refusal is told."""

import uuid
from typing import Any

from tests.server.comfyui.talking import (
    begun,
    entry_of,
    picture,
    plain_picture,
    post,
    ran,
    show,
    slow,
)
from tests.server.serving import Answer, Serving


def kinds_of(answer: Answer, node: str) -> list[str]:
    return [error["type"] for error in answer.json["node_errors"][node]["errors"]]


def test_a_prompt_is_accepted_and_counted(comfy: Serving) -> None:
    answer = post(comfy, show("first"))
    assert answer.status == 200
    assert set(answer.json) == {"prompt_id", "number", "node_errors"}
    assert uuid.UUID(answer.json["prompt_id"]) and answer.json["node_errors"] == {}
    second = comfy.call("POST", "/api/prompt", {"prompt": show("second")})
    assert second.json["number"] == answer.json["number"] + 1
    entry_of(comfy, second.json["prompt_id"])
    assert comfy.call("GET", "/prompt").json == {"exec_info": {"queue_remaining": 0}}


def test_the_content_type_does_not_matter(comfy: Serving) -> None:
    body = b'{"prompt": {"1": {"class_type": "Show", "inputs": {"value": "x"}}}, "number": "5"}'
    for kind in ("application/octet-stream", "application/x-www-form-urlencoded", "text/plain"):
        answer = comfy.call("POST", "/prompt", body, {"Content-Type": kind})
        assert answer.status == 200 and answer.json["number"] == 5


def test_a_client_may_choose_the_id(comfy: Serving) -> None:
    id = str(uuid.uuid4())
    assert post(comfy, show("mine"), prompt_id=id).json["prompt_id"] == id
    assert entry_of(comfy, id)["prompt"][1] == id
    other = post(comfy, show("not mine"), prompt_id=id)
    assert other.status == 409 and other.json["error"]["type"] == "conflict"
    bad = post(comfy, show("x"), prompt_id="../x")
    assert bad.status == 400 and bad.json["error"]["type"] == "invalid_prompt_id"


def test_what_is_no_prompt(comfy: Serving) -> None:
    cases: list[tuple[Any, str]] = [
        ({}, "no_prompt"),
        ({"prompt": []}, "invalid_prompt"),
        ({"prompt": {}}, "prompt_no_outputs"),
        ({"prompt": {"1": {"inputs": {}}}}, "invalid_prompt"),
        ({"prompt": {"1": {"class_type": "Shoe", "inputs": {}}}}, "missing_node_type"),
        (
            {"prompt": {"1": {"class_type": "EmptyLatentImage", "inputs": {}}}},
            "prompt_no_outputs",
        ),
        (b"{", "invalid_prompt"),
    ]
    for body, kind in cases:
        answer = comfy.call("POST", "/prompt", body)
        assert answer.status == 400, body
        assert set(answer.json) == {"error", "node_errors"}
        assert set(answer.json["error"]) == {"type", "message", "details", "extra_info"}
        assert answer.json["error"]["type"] == kind, body
    unknown = comfy.call("POST", "/prompt", {"prompt": {"1": {"class_type": "Shoe"}}})
    assert unknown.json["error"]["extra_info"]["class_type"] == "Shoe"
    assert "Show" in unknown.json["error"]["details"]


def test_every_wrong_input_is_told(comfy: Serving) -> None:
    graph = picture()
    del graph["3"]["inputs"]["model"]
    graph["3"]["inputs"] |= {"steps": 0, "cfg": 1000, "denoise": "much", "sampler_name": "foo"}
    graph["4"]["inputs"]["ckpt_name"] = "none.safetensors"
    graph["6"]["inputs"]["clip"] = ["99", 0]
    graph["7"]["inputs"]["text"] = ["5", 0]
    graph["8"]["inputs"]["vae"] = ["4"]
    graph["9"]["inputs"]["filename_prefix"] = "../out"
    answer = post(comfy, graph)
    assert answer.status == 400
    assert answer.json["error"]["type"] == "prompt_outputs_failed_validation"
    assert kinds_of(answer, "3") == [
        "required_input_missing", "value_smaller_than_min", "value_bigger_than_max",
        "value_not_in_list", "invalid_input_type",
    ]  # fmt: skip
    assert kinds_of(answer, "4") == ["value_not_in_list"]
    assert kinds_of(answer, "6") == ["bad_linked_input"]
    assert kinds_of(answer, "7") == ["return_type_mismatch"]
    assert kinds_of(answer, "8") == ["bad_linked_input"]
    assert kinds_of(answer, "9") == ["custom_validation_failed"]
    sampler = answer.json["node_errors"]["3"]
    assert sampler["class_type"] == "KSampler" and sampler["dependent_outputs"] == ["9"]
    for error in sampler["errors"]:
        assert set(error) == {"type", "message", "details", "extra_info"}
        assert error["extra_info"]["input_name"] in error["details"]
        assert isinstance(error["extra_info"]["input_config"], list)
    assert sampler["errors"][1]["extra_info"]["received_value"] == 0


def test_a_circle_is_refused(comfy: Serving) -> None:
    graph = plain_picture(0, "circle")
    graph["3"] = {"class_type": "ImageInvert", "inputs": {"image": ["4", 0]}}
    graph["4"] = {"class_type": "ImageInvert", "inputs": {"image": ["3", 0]}}
    graph["2"]["inputs"]["images"] = ["4", 0]
    answer = post(comfy, graph)
    found = [kind for node in answer.json["node_errors"] for kind in kinds_of(answer, node)]
    assert answer.status == 400 and found == ["dependency_cycle"]


def test_sound_outputs_run_beside_wrong_ones(comfy: Serving) -> None:
    graph = plain_picture(1, "sound")
    graph["5"] = {"class_type": "Show", "inputs": {"number": "many"}}
    graph["6"] = {"class_type": "KSampler", "inputs": {}}
    answer = post(comfy, graph)
    assert answer.status == 200 and set(answer.json["node_errors"]) == {"5"}
    entry = entry_of(comfy, answer.json["prompt_id"])
    assert entry["prompt"][4] == ["2"] and set(entry["outputs"]) == {"2"}


def test_only_the_targets_run(comfy: Serving) -> None:
    graph = {**show("one"), "2": {"class_type": "Show", "inputs": {"value": "two"}}}
    entry = ran(comfy, graph, partial_execution_targets=["2"])
    assert entry["outputs"] == {"2": {"text": ["two"]}}
    none = post(comfy, graph, partial_execution_targets=["7"])
    assert none.status == 400 and none.json["error"]["type"] == "prompt_no_outputs"


def test_numbers_as_text_and_unknown_inputs_are_taken(comfy: Serving) -> None:
    inputs = {"value": "lenient", "number": "20", "upload": "image", "speak": [1, 2, 3]}
    graph = {"1": {"class_type": "Show", "inputs": inputs, "is_changed": ["x"]}}
    entry = ran(comfy, graph)
    assert entry["outputs"] == {"1": {"text": ["lenient"]}}
    assert entry["prompt"][2] == graph


def test_ids_may_hold_colons_and_reserved_words(comfy: Serving) -> None:
    graph: dict[str, Any] = {
        "prompt": {
            "class_type": "EmptyImage",
            "inputs": {"width": 8, "height": 8, "batch_size": 1},
        },
        "nodes": {"class_type": "ImageInvert", "inputs": {"image": ["prompt", 0]}},
        "12:3:4": {
            "class_type": "SaveImage",
            "inputs": {"images": ["nodes", 0], "filename_prefix": "ids"},
        },
    }
    assert set(ran(comfy, graph)["outputs"]) == {"12:3:4"}


def test_front_and_number_say_where(comfy: Serving) -> None:
    running = begun(comfy, post(comfy, slow(30)).json["prompt_id"])
    first = post(comfy, show("first"), number=50.5).json
    post(comfy, show("last"), number=99)
    between = post(comfy, show("between"), number=70).json
    front = post(comfy, show("front"), front=True).json
    assert first["number"] == 50.5 and front["number"] < 0
    pending = comfy.call("GET", "/queue").json["queue_pending"]
    assert [row[2]["1"]["inputs"]["value"] for row in pending] == [
        "front", "first", "between", "last",
    ]  # fmt: skip
    assert pending[2][:2] == [70, between["prompt_id"]]
    comfy.call("POST", "/queue", {"clear": True})
    comfy.call("POST", "/interrupt", {"prompt_id": running})
    assert entry_of(comfy, running)["status"]["status_str"] == "error"


def test_the_editor_gets_our_form_of_a_prompt(comfy: Serving) -> None:
    answer = post(comfy, show("ours"))
    entry_of(comfy, answer.json["prompt_id"])
    document = comfy.call("GET", f"/api/v1/jobs/{answer.json['prompt_id']}/document").json
    assert document["nodes"]["1"] == {"node": "Show", "value": "ours"}
