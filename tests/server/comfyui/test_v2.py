"""API v2: by the published SDK of that API, and what it does not touch."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from comfy_sdk import Comfy
from comfy_sdk.events import OutputReady, Preview, Progress, StatusChange
from comfy_sdk.exceptions import ComfyError, JobFailed
from PIL import Image

from tests.server.comfyui.talking import picture, plain_picture, show, slow
from tests.server.serving import Serving


@pytest.fixture
def client(comfy: Serving, monkeypatch: pytest.MonkeyPatch) -> Iterator[Comfy]:
    """The SDK as it is told of a deployment of one's own."""
    monkeypatch.setenv("COMFY_BASE_URL", f"http://127.0.0.1:{comfy.port}")
    with Comfy() as made:
        yield made


def test_a_job_is_watched_to_its_picture(client: Comfy, tmp_path: Path) -> None:
    job = client.submit(client.workflows.from_json(picture(seed=51)), metadata={"who": "sdk"})
    seen = list(job.events())
    kinds = {type(event) for event in seen}
    assert {StatusChange, OutputReady} <= kinds and kinds & {Progress, Preview}
    assert isinstance(seen[-1], StatusChange) and seen[-1].status == "succeeded"
    assert all(0 <= event.value <= 1 for event in seen if isinstance(event, Progress))
    job.result()
    (output,) = job.get_outputs("9")
    assert output.type == "image" and output.job_id == job.id and output.size_bytes > 0
    data = output.to_bytes()
    assert len(data) == output.size_bytes and Image.open(io.BytesIO(data)).size == (64, 64)
    assert output.to_bytes(range=(0, 7)) == data[:8]
    assert output.to_file(tmp_path / "x.png").read_bytes() == data
    with urlopen(output.get_download_url().url) as answer:
        assert answer.read() == data
    assert job.get_workflow().graph == picture(seed=51)
    assert client.jobs.get(job.id).metadata == {"who": "sdk"}
    listed = next(iter(client.list_jobs(metadata={"who": "sdk"}, limit=1)))
    assert (listed.id, listed.status) == (job.id, "succeeded")


def test_an_upload_is_an_input(client: Comfy) -> None:
    made = io.BytesIO()
    Image.new("RGB", (6, 4), (1, 2, 3)).save(made, "PNG")
    asset = client.assets.from_bytes(made.getvalue(), filename="mine.png")
    graph = client.workflows.from_json(
        {
            "1": {"class_type": "LoadImage", "inputs": {}},
            "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
        }
    )
    graph.set_input("1", "image", asset)
    job = client.run(graph, timeout=60)
    first = Image.open(io.BytesIO(job.outputs[0].to_bytes())).convert("RGB")
    assert first.size == (6, 4) and first.getpixel((0, 0)) == (1, 2, 3)
    again = client.assets.get(job.outputs[0].id)  # an output is an asset, and an input too
    graph.set_input("1", "image", again)
    assert client.run(graph, timeout=60).outputs
    client.assets.delete(asset.id)
    with pytest.raises(ComfyError, match="no such asset"):
        client.assets.get(asset.id)
    with pytest.raises(ComfyError, match="belongs to its job"):
        client.assets.delete(again.id)


def test_failures_have_their_codes(client: Comfy, comfy: Serving) -> None:
    broken = client.submit(client.workflows.from_json({"7": {"class_type": "Broken"}}))
    with pytest.raises(JobFailed):
        broken.result()
    assert broken.error.code == "node_execution_error" and broken.error.node_id == "7"
    wrong = picture()
    wrong["3"]["inputs"]["steps"] = 0
    cases = [
        ({"workflow": wrong}, "invalid_workflow", "Node 3 (KSampler)"),
        ({"workflow": {}}, "invalid_workflow", "no outputs"),
        ({}, "invalid_workflow", "workflow"),
        ({"workflow": {"nodes": [], "links": []}}, "workflow_format_ui", "API form"),
        (
            {"workflow": {"1": {"class_type": "LoadImage", "inputs": {
                "image": {"__type": "core/ASSET", "info": {"id": "../../x"}}}}}},
            "missing_asset", "node 1",
        ),
        ({"workflow": show("x"), "metadata": {"k": "v" * 600}}, "metadata_invalid", "labels"),
    ]  # fmt: skip
    for body, code, words in cases:
        answer = comfy.call("POST", "/api/v2/jobs", body)
        assert answer.status == 422, body
        assert answer.json["error"]["code"] == code and words in answer.json["error"]["message"]
    assert comfy.call("GET", "/api/v2/jobs/nobody").json["error"]["code"] == "not_found"
    key = {"Idempotency-Key": "once"}
    body = json.dumps({"workflow": show("once")}).encode()
    assert comfy.call("POST", "/api/v2/jobs", body, key).status == 201
    twice = comfy.call("POST", "/api/v2/jobs", body, key)
    assert twice.status == 422 and twice.json["error"]["code"] == "idempotency_key_reuse"
    for id in ("x", "..", "1.9", f"{broken.id}.0", "a/b"):
        assert comfy.call("GET", f"/api/v2/assets/{id}/content").status == 404, id
    assert comfy.call("GET", "/api/v2/assets/by-hash/blake3:00").status == 404
    assert comfy.call("POST", "/api/v2/assets/from-hash", {"hash": "x"}).status == 404
    assert comfy.call("POST", "/api/v2/assets", b"x").status == 400


def test_a_job_is_cancelled(client: Comfy) -> None:
    job = client.submit(client.workflows.from_json(slow(30)))
    job.cancel()
    assert job.wait(60).status == "canceled"
    assert job.cancel().status == "canceled"


def test_secrets_are_not_kept(comfy: Serving) -> None:
    extra = {"api_key_comfy_org": "sk-secret", "auth_token_comfy_org": "t", "fine": 1}
    sent = {"prompt": plain_picture(8, "secret"), "extra_data": extra}
    id = comfy.call("POST", "/prompt", sent).json["prompt_id"]
    found = comfy.call("GET", f"/api/jobs/{id}").json["workflow"]["extra_data"]
    assert found["fine"] == 1 and not any("comfy_org" in key for key in found)
    v2 = {"workflow": show("v2 secret"), "extra_data": extra}
    comfy.call("POST", "/api/v2/jobs", v2)
    kept = b"".join(file.read_bytes() for file in (comfy.folder / "data").glob("server.sqlite*"))
    assert b"sk-secret" not in kept and b"v2 secret" in kept
