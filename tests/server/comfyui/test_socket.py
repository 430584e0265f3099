"""The websocket: messages in their order and shape, to whom they belong, binary frames."""

import json

from nodeflow.server.comfyui.narrate import preview
from tests.server.comfyui.talking import (
    entry_of,
    kinds,
    picture,
    plain_picture,
    post,
    show,
    slow,
    talking,
)
from tests.server.serving import ALICE, Serving


def test_a_run_is_told_step_by_step(comfy: Serving) -> None:
    with talking(comfy, "painter") as talk:
        kind, data = talk.next()
        assert kind == "status" and data["sid"] == "painter"
        assert data["status"]["exec_info"]["queue_remaining"] == 0
        id = post(comfy, picture(seed=11), client_id="painter").json["prompt_id"]
        heard = talk.end_of(id)
        texts = [(kind, data) for kind, data in heard if kind not in ("status", "binary")]
        assert all(data["prompt_id"] == id for _, data in texts)
        order = [kind for kind, _ in texts]
        assert order[:2] == ["execution_start", "execution_cached"]
        assert order[-2:] == ["execution_success", "executing"]
        executing = [data["node"] for kind, data in texts if kind == "executing"]
        assert executing[-2:] == ["9", None] and set(executing[:-1]) >= {"3", "8", "9"}
        steps = [data for kind, data in texts if kind == "progress" and data["node"] == "3"]
        assert steps and steps[-1]["max"] == 2 and steps[-1]["value"] <= 2
        states = [data["nodes"] for kind, data in texts if kind == "progress_state"]
        known = {node: state for nodes in states for node, state in nodes.items()}
        assert known["3"]["state"] == "finished" and known["3"]["real_node_id"] == "3"
        done = [data for kind, data in texts if kind == "executed"]
        image = entry_of(comfy, id)["outputs"]["9"]
        assert done == [{"node": "9", "display_node": "9", "output": image, "prompt_id": id}]
        previews = [data for kind, data in heard if kind == "binary"]
        assert previews and all(p[:8] == b"\0\0\0\1\0\0\0\1" for p in previews)
        assert previews[0][8:10] == b"\xff\xd8"
        assert talk.until("status")[-1][1]["status"]["exec_info"]["queue_remaining"] == 0


def test_previews_with_metadata_for_those_who_can(comfy: Serving) -> None:
    with talking(comfy, "modern", "/api/ws") as talk:
        talk.connection.send(
            json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
        )
        flags = talk.until("feature_flags")[-1][1]
        assert flags == comfy.call("GET", "/features").json
        id = post(comfy, picture(seed=12), client_id="modern").json["prompt_id"]
        frame = next(data for kind, data in talk.end_of(id) if kind == "binary")
        length = int.from_bytes(frame[4:8], "big")
        head = json.loads(frame[8 : 8 + length])
        assert frame[:4] == b"\0\0\0\4" and frame[8 + length :][:2] == b"\xff\xd8"
        assert head["node_id"] == "3" and head["prompt_id"] == id
        assert head["image_type"] == "image/jpeg"


def test_words_of_a_node_are_a_frame_for_those_who_can(comfy: Serving) -> None:
    expected = b"\0\0\0\3" + b"\0\0\0\1" + b"1" + "ein Wört".encode()
    with talking(comfy, "reads") as reads, talking(comfy, "old") as old:
        reads.connection.send(json.dumps({"type": "feature_flags", "data": {}}))
        reads.until("feature_flags")
        for _ in ("computed", "cached"):
            id = post(comfy, show("ein Wört"), client_id="reads").json["prompt_id"]
            assert [data for kind, data in reads.end_of(id) if kind == "binary"] == [expected]
        id = post(comfy, show("ein Wört"), client_id="old").json["prompt_id"]
        assert "binary" not in kinds(old.end_of(id))


def test_a_cached_prompt_is_told_as_executed(comfy: Serving) -> None:
    with talking(comfy, "again") as talk:
        first = post(comfy, plain_picture(21, "told"), client_id="again").json["prompt_id"]
        once = talk.end_of(first)
        second = post(comfy, plain_picture(21, "told"), client_id="again").json["prompt_id"]
        heard = talk.end_of(second)
    assert [k for k in kinds(heard) if k != "status"] == [
        "execution_start", "execution_cached", "executed", "execution_success", "executing",
    ]  # fmt: skip
    cached = next(data for kind, data in heard if kind == "execution_cached")
    assert set(cached["nodes"]) == {"1", "2"}
    outputs = [
        next(d["output"] for k, d in messages if k == "executed") for messages in (once, heard)
    ]
    assert outputs[0] == outputs[1]


def test_messages_go_to_their_client_and_status_to_everybody(comfy: Serving) -> None:
    with talking(comfy, "alice") as alice, talking(comfy, "bob") as bob:
        alice.next(), bob.next()
        id = post(comfy, show("for bob"), client_id="bob").json["prompt_id"]
        bob.end_of(id)
        own = post(comfy, show("for alice"), client_id="alice").json["prompt_id"]
        heard = alice.end_of(own)
    assert {data["prompt_id"] for kind, data in heard if kind != "status"} == {own}
    assert "status" in [kind for kind, _ in heard]


def test_a_failure_is_told(comfy: Serving) -> None:
    graph = {"7": {"class_type": "Broken", "inputs": {}}}
    with talking(comfy, "unlucky") as talk:
        id = post(comfy, graph, client_id="unlucky").json["prompt_id"]
        heard = talk.end_of(id)
    error = next(data for kind, data in heard if kind == "execution_error")
    assert error["node_id"] == "7" and error["node_type"] == "Broken"
    assert error["exception_type"] == "RuntimeError" and error["traceback"]
    assert "execution_success" not in [kind for kind, _ in heard]


def test_an_interruption_is_told(comfy: Serving) -> None:
    with talking(comfy, "impatient") as talk:
        id = post(comfy, slow(30), client_id="impatient").json["prompt_id"]
        talk.until("progress", node="1")
        comfy.call("POST", "/interrupt")
        heard = talk.end_of(id)
    stopped = next(data for kind, data in heard if kind == "execution_interrupted")
    assert stopped["node_id"] == "1" and stopped["node_type"] == "Slow"


def test_a_client_that_comes_late_goes_on(comfy: Serving) -> None:
    with talking(comfy, "late") as talk:
        id = post(comfy, slow(30), client_id="late").json["prompt_id"]
        talk.until("progress", node="1")
    with talking(comfy, "late") as talk:
        talk.until("executing", node="1", prompt_id=id)
        comfy.call("POST", "/interrupt")
        assert "execution_interrupted" in [kind for kind, _ in talk.end_of(id)]


def test_without_an_id_one_is_given(comfy: Serving) -> None:
    with talking(comfy, "") as talk:
        assert len(talk.next()[1]["sid"]) == 32


def test_the_log_is_told_to_those_who_ask(comfy: Serving, users_server: Serving) -> None:
    with talking(comfy, "reader") as talk:
        wanted = {"enabled": True, "clientId": "reader"}
        assert comfy.call("PATCH", "/internal/logs/subscribe", wanted).status == 200
        post(comfy, {"1": {"class_type": "Say", "inputs": {"text": "said by a node"}}})
        while True:
            entries = talk.until("logs")[-1][1]["entries"]
            if any("said by a node" in entry["m"] for entry in entries):
                break
    raw = comfy.call("GET", "/internal/logs/raw").json
    assert any("said by a node" in entry["m"] for entry in raw["entries"]) and raw["size"]["cols"]
    assert "said by a node" in comfy.call("GET", "/internal/logs").json
    off = {"enabled": False, "clientId": "reader"}
    assert comfy.call("PATCH", "/internal/logs/subscribe", off).status == 200
    assert isinstance(comfy.call("GET", "/internal/folder_paths").json, dict)
    for path in ("logs", "logs/raw", "folder_paths"):
        assert users_server.call("GET", f"/internal/{path}", token=ALICE).status == 403


def test_a_preview_says_what_kind_of_picture_it_is() -> None:
    for kind, media_type in ((1, "image/jpeg"), (2, "image/png")):
        head = {"job": "j", "node": "3", "client": "me", "media_type": media_type}
        text = json.dumps(head).encode()
        shown = b"\1\1" + len(text).to_bytes(2, "big") + text + b"picture"
        plain = preview(shown, "me", with_metadata=False)
        assert plain == b"\0\0\0\1" + kind.to_bytes(4, "big") + b"picture"
        told = preview(shown, "me", with_metadata=True)
        assert told is not None and told[:4] == b"\0\0\0\4" and media_type.encode() in told
        assert preview(shown, "somebody", with_metadata=False) is None
