"""Prompts outlive the server and the worker, and their clients hear the end."""

from pathlib import Path

import pytest

from tests.server.comfyui.talking import entry_of, picture, post, show, talking
from tests.server.serving import serving


@pytest.mark.heavy
def test_prompts_outlive_a_killed_server(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-token") as server:
        long = {"1": {"class_type": "Slow", "inputs": {"seconds": 10.0}}}
        ids = [post(server, graph, client_id="c").json["prompt_id"]
               for graph in (long, picture(), show("after"))]  # fmt: skip
        with talking(server, "c") as talk:
            talk.until("progress", node="1")
        server.kill()
        server.start()
        with talking(server, "c") as talk:
            pending = [row[1] for row in server.call("GET", "/queue").json["queue_pending"]]
            assert set(pending) <= set(ids)
            talk.end_of(ids[-1])
        entries = [entry_of(server, id) for id in ids]
        assert all(entry["status"]["completed"] for entry in entries)
        assert [entry["prompt"][1] for entry in entries] == ids
        again = post(server, picture(), client_id="c").json["prompt_id"]
        assert entry_of(server, again)["outputs"] == entries[1]["outputs"]


@pytest.mark.heavy
def test_a_client_hears_the_end_of_a_prompt_whose_worker_died(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-token") as server:
        graph = {"1": {"class_type": "Die", "inputs": {"marker": str(tmp_path / "m"), "times": 1}}}
        with talking(server, "c") as talk:
            id = post(server, graph, client_id="c").json["prompt_id"]
            heard = talk.end_of(id)
        kinds = [kind for kind, _ in heard]
        assert kinds.count("execution_start") == 2 and "execution_success" in kinds
        twice = {**graph["1"]["inputs"], "times": 9}
        entry = entry_of(
            server, post(server, {"1": {**graph["1"], "inputs": twice}}).json["prompt_id"]
        )
        name, data = entry["status"]["messages"][-1]
        assert name == "execution_error" and "died" in data["exception_message"]
