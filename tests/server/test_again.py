"""A document that ran before: its result is reused while its files are what they were."""

from pathlib import Path

from PIL import Image

from tests.server.serving import Serving

DOCUMENT = {
    "nodes": {
        "load": {"node": "LoadImage", "image": "it.png"},
        "save": {"node": "SaveImage", "images": "$load.IMAGE", "filename_prefix": "again"},
    }
}


def states(job: dict[str, dict[str, dict[str, str]]]) -> set[str]:
    return {node["state"] for node in job["nodes"].values()}


def test_a_file_that_changed_is_read_again_and_one_that_is_gone_is_a_problem(
    server: Serving,
) -> None:
    path = Path(server.folder) / "work" / "input" / "it.png"
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (8, 8), "red").save(path)
    first = server.run(DOCUMENT)
    assert first["state"] == "done" and states(first) == {"ran"}
    again = server.run(DOCUMENT)
    assert states(again) == {"cached"} and again["outputs"] == first["outputs"]
    Image.new("RGB", (8, 8), "blue").save(path)
    changed = server.run(DOCUMENT)
    assert states(changed) == {"ran"}
    assert changed["outputs"]["save"]["files"] != first["outputs"]["save"]["files"]
    made = Path(server.folder) / "work" / "output" / changed["outputs"]["save"]["files"][0]["path"]
    made.unlink()
    rewritten = server.run(DOCUMENT)
    assert rewritten["state"] == "done" and made.is_file()
    path.unlink()
    answer = server.call("POST", "/api/v1/jobs", {"document": DOCUMENT, "wait": 50})
    if answer.status != 422:  # it was checked a moment before
        assert answer.json["state"] == "failed"
        assert answer.json["error"]["code"] == "invalid_workflow"
    [problem] = answer.json["problems"]
    assert problem["code"] == "missing_file" and "it.png" in problem["message"]
