"""Every answer that the OpenAPI document promises is given, and as it is described."""

import asyncio
import io
import re
import shutil
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import jsonschema_rs
from PIL import Image

from tests.server.api.contract import Contract, contract_with
from tests.server.serving import ROOT, TRIVIAL, Serving, one

API = "/api/v1"
JOB = f"{API}/jobs/{{id}}"
FILE = f"{API}/files/{{folder}}/{{path}}"
WORKFLOW = f"{API}/workflows/{{path}}"
DRAFT = f"{API}/drafts/{{id}}"


def picture(colour: str = "red") -> bytes:
    """A small PNG."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "PNG")
    return out.getvalue()


def form(name: str, data: bytes) -> tuple[bytes, dict[str, str]]:
    """An upload."""
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = b"--b\r\n" + head.encode() + data + b"\r\n--b--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=b"}


def operation(api: Contract) -> None:
    """Health, session, models, cache."""
    api.call("GET", f"{API}/openapi.json")
    assert set(api.call("GET", f"{API}/health").json) > {"workers", "queue"}
    bare = api.server.call("GET", f"{API}/health", token="nobody")
    api.check("GET", f"{API}/health", bare)
    assert set(bare.json) == {"status", "version"}
    figures = api.call("GET", f"{API}/metrics").body.decode().splitlines()
    assert api.server.call("GET", "/metrics").body.decode().splitlines()[0] == figures[0]
    line = re.compile(r'# TYPE \w+ (counter|gauge)|\w+(\{\w+="[^"]*"\})? \d+')
    assert figures[0] == "# TYPE nodeflow_jobs_total counter" and all(map(line.fullmatch, figures))
    api.call("GET", f"{API}/session")
    api.call("POST", f"{API}/session", {"token": api.server.token})
    api.call("DELETE", f"{API}/session")
    assert api.call("GET", f"{API}/models").json["kinds"]["checkpoints"] >= 1
    model = api.call("GET", f"{API}/models/{{kind}}", kind="checkpoints").json["models"][0]
    named = {"kind": "checkpoints", "name": model["name"]}
    assert api.call("GET", f"{API}/models/{{kind}}/{{name}}", **named).json == model
    digest = api.call("POST", f"{API}/models/{{kind}}/{{name}}/hash", **named).json["sha256"]
    file = ROOT / "nodeflow" / "models" / "checkpoints" / model["name"]
    assert digest == sha256(file.read_bytes()).hexdigest()
    loras = api.call("GET", f"{API}/models/{{kind}}", kind="loras").json["models"]
    assert "tiny-flat.safetensors" in [lora["name"] for lora in loras]  # completed after <lora:
    api.call("GET", f"{API}/models/{{kind}}", kind="none")
    api.call("GET", f"{API}/models/{{kind}}", query="?looks=true", kind="checkpoints")
    beside = api.server.folder / "work" / "models" / "loras" / "mine"
    beside.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "nodeflow/models/loras/tiny-flat.safetensors", f"{beside}.safetensors")
    beside.with_suffix(".png").write_bytes(picture())
    shown = {"kind": "loras", "name": "mine.safetensors"}
    api.call("GET", f"{API}/models/{{kind}}/{{name}}/preview", **shown)
    api.call("GET", f"{API}/cache")
    api.call("POST", f"{API}/cache/clear")
    api.call("POST", f"{API}/workers/free")


def documents(api: Contract) -> None:
    """Node types, checks, conversions."""
    types = api.call("GET", f"{API}/node-types")
    again = {"If-None-Match": types.headers["etag"]}
    assert api.call("GET", f"{API}/node-types", headers=again).status == 304
    found = api.call("GET", f"{API}/node-types/{{id}}", id="Show").json
    assert found == next(n for n in types.json["nodes"] if n["id"] == "Show")
    wrong = one("Show", value=[], numbr=1)
    problems = api.call("POST", f"{API}/validate", {"document": wrong}).json["problems"]
    assert {"numbr"} <= {problem["input"] for problem in problems}
    api.call("POST", f"{API}/validate", {"document": TRIVIAL})
    for template in ("txt2img", "subgraph"):
        text = api.call("GET", f"{API}/templates/{{id}}", id=template).json
        api.call("POST", f"{API}/plan", {"document": text["document"]})
    api.call("POST", f"{API}/plan", {"document": wrong})
    made = api.call("POST", f"{API}/convert", {"text": text["text"]}).json
    api.call("POST", f"{API}/convert/yaml", {"document": made["document"]})
    api.call("POST", f"{API}/convert", {"text": "nodes: [1"})
    api.call("POST", f"{API}/convert", picture(), {"Content-Type": "image/png"})
    api.server.package(ROOT / "examples" / "plugins" / "levels")
    api.call("POST", f"{API}/node-types/refresh")
    curve = api.call("GET", f"{API}/node-types").json["types"]["CURVE"]["widget"]
    plugin, file = curve.split("/")
    page = api.call("GET", f"{API}/frames/{{plugin}}/{{file}}", plugin=plugin, file=file)
    assert "sandbox allow-scripts" in page.headers["content-security-policy"]
    assert b"nodeflow.height(160)" in page.body
    none = api.call("GET", f"{API}/frames/{{plugin}}/{{file}}", plugin=plugin, file="__init__.py")
    assert none.status == 404


def jobs(api: Contract) -> None:
    """Jobs through all they can go through, and what cannot be."""

    def post(document: Any, **more: Any) -> Any:
        answer = api.call("POST", f"{API}/jobs", {"document": document, **more})
        assert answer.status in (200, 202)
        return answer.json

    done = post(one("Show", value="a"), wait=50)["id"]
    failed = post(one("Broken"), wait=50)
    assert failed["failures"] and failed["error"]
    for path in (JOB, f"{JOB}/document", f"{JOB}/events"):
        assert api.call("GET", path, id=done).status == 200
    assert api.call("POST", f"{API}/jobs", {"document": one("Nothing")}).status == 422
    api.call("POST", f"{API}/queue/pause")
    waiting, other = (post(one("Show", value=text))["id"] for text in ("b", "c"))
    assert api.call("PATCH", JOB, {"priority": 3}, id=waiting).json["position"] == 0
    assert api.call("POST", f"{JOB}/move", {"to": "front"}, id=other).json["position"] == 0
    assert api.call("POST", f"{JOB}/pause", id=other).json["state"] == "paused"
    assert len(api.call("GET", f"{API}/queue").json["held"]) == 1
    assert api.call("POST", f"{JOB}/resume", id=other).json["state"] == "queued"
    assert api.call("POST", f"{JOB}/resume", id=other).status == 409
    assert api.call("POST", f"{JOB}/cancel", id=waiting).json["state"] == "cancelled"
    assert api.call("POST", f"{API}/jobs/cancel", {"ids": [other]}).json == {"cancelled": [other]}
    again = api.call("POST", f"{JOB}/retry", id=done).json
    assert again["retry_of"] == done
    api.call("POST", f"{API}/queue/resume")
    api.call("GET", JOB, query="?wait=50", id=again["id"])
    listed = api.call("GET", f"{API}/jobs", query="?state=done,failed&limit=2").json
    assert listed["next"] == listed["jobs"][-1]["number"]
    wrong = api.call("GET", f"{API}/jobs", query="?state=done,faild")
    assert wrong.status == 400 and "'failed'" in wrong.json["detail"]
    assert api.call("DELETE", JOB, id=done).status == 204
    assert api.call("GET", JOB, id=done).status == 404
    assert api.call("POST", f"{API}/history/clear", {}).json["deleted"] >= 3


def files(api: Contract) -> None:
    """Files in and out."""
    sent = form("a.png", picture())
    assert api.call("POST", f"{API}/files", *sent).status == 201
    assert api.call("POST", f"{API}/files", *sent).status == 200
    assert api.call("POST", f"{API}/files", *form("é" * 130 + ".png", picture())).status == 400
    listed = api.call("GET", f"{API}/files/{{folder}}", folder="input").json["files"]
    for words, count in (("A .PNG", 1), ("a b", 0)):
        query = f"?search={quote(words)}"
        found = api.call("GET", f"{API}/files/{{folder}}", query=query, folder="input").json
        assert len(found["files"]) == count
    named = {"folder": "input", "path": listed[0]["path"]}
    whole = api.call("GET", FILE, **named)
    assert whole.status == 200 and len(whole.body) == listed[0]["size"]
    assert api.call("GET", FILE, headers={"Range": "bytes=0-3"}, **named).status == 206
    assert api.call("GET", FILE, headers={"Range": "bytes=9999-"}, **named).status == 416
    other = {"If-Match": '"another"'}
    assert api.call("GET", FILE, headers=other, **named).status == 412
    unchanged = {"If-None-Match": whole.headers["etag"]}
    assert api.call("GET", FILE, headers=unchanged, **named).status == 304
    assert api.call("GET", FILE, query="?thumbnail=16", **named).status == 200
    assert api.call("DELETE", FILE, **named).status == 204
    assert api.call("GET", FILE, folder="input", path="x/" + "é" * 130 + ".png").status == 404


def workflows(api: Contract) -> None:
    """Workflow files: saved, moved with their versions, deleted, restored; names that clash."""
    first = api.call("PUT", WORKFLOW, {"document": TRIVIAL}, path="a/x.yaml")
    assert first.status == 201
    etag = {"If-Match": first.json["etag"]}
    assert api.call("PUT", WORKFLOW, {"text": "nodes: {}"}, etag, path="a/x.yaml").status == 200
    assert api.call("PUT", WORKFLOW, {"text": "nodes: {}"}, path="a/x.yaml").status == 428
    assert api.call("PUT", WORKFLOW, {"text": "a"}, etag, path="a/x.yaml").json["current"]
    before = api.server.call("GET", f"{API}/health").json["status"]
    assert before == "ok"
    moved = api.call("POST", f"{WORKFLOW}/move", {"to": "b/y.yaml"}, path="a/x.yaml")
    assert moved.json["path"] == "b/y.yaml"
    [version] = api.call("GET", f"{WORKFLOW}/versions", path="b/y.yaml").json["versions"]
    kept = api.call("GET", f"{WORKFLOW}/versions/{{id}}", path="b/y.yaml", id=version["id"])
    assert kept.json["document"]["nodes"] == TRIVIAL["nodes"]
    assert api.call("GET", WORKFLOW, path="b/y.yaml").headers["etag"] == moved.json["etag"]
    names = [f["path"] for f in api.call("GET", f"{API}/workflows").json["workflows"]]
    assert names == ["b/y.yaml"]
    text = {"text": "nodes: {}"}
    assert api.call("PUT", WORKFLOW, text, path="folder.yaml/z.yaml").status == 201
    for clash in ("folder.yaml", "b/y.yaml/z.yaml"):
        assert api.call("PUT", WORKFLOW, text, path=clash).status == 409, clash
        answer = api.call("POST", f"{WORKFLOW}/move", {"to": clash}, path="folder.yaml/z.yaml")
        assert answer.status == 409, clash
    for length in (240, 250, 251, 280):
        name = "x" * length + ".yaml"
        status = api.call("PUT", WORKFLOW, text, path=name).status
        assert status == (201 if length <= 250 else 400), length
        answer = api.call("POST", f"{WORKFLOW}/move", {"to": "é" + name}, path=name)
        assert answer.status == (200 if length == 240 else 400 if length == 250 else 404), length
    assert api.call("DELETE", WORKFLOW, path="b/y.yaml").status == 204
    [item] = api.call("GET", f"{API}/trash").json["items"]
    restored = api.call("POST", f"{API}/trash/{{id}}/restore", id=item["id"])
    assert restored.json == {"path": "b/y.yaml"}
    api.call("PUT", WORKFLOW, {"text": "nodes: ["}, path="wrong.yaml")
    assert api.call("GET", WORKFLOW, path="wrong.yaml").json["problems"]
    assert api.call("GET", f"{API}/templates").json["templates"]
    shown = api.call("GET", f"{API}/templates/{{id}}/picture", id="txt2img")
    assert shown.body.startswith(b"RIFF")


def personal(api: Contract) -> None:
    """Settings and drafts."""
    assert api.call("PATCH", f"{API}/settings", {"values": {"a": 1}}).json == {"values": {"a": 1}}
    api.call("GET", f"{API}/settings")
    saved = api.call("PUT", DRAFT, {"content": [1]}, id="d").json
    assert saved["revision"] == 1
    stale = api.call("PUT", DRAFT, {"content": 2, "revision": 7}, id="d")
    assert stale.status == 409 and stale.json["revision"] == 1
    assert api.call("GET", DRAFT, id="d").json["content"] == [1]
    assert api.call("GET", f"{API}/drafts").json["drafts"][0]["id"] == "d"
    assert api.call("DELETE", DRAFT, id="d").status == 204


def events(api: Contract) -> None:
    """The websocket; what was moved, deleted and restored was told."""

    async def listen() -> list[Any]:
        import aiohttp

        headers = {"Authorization": f"Bearer {api.server.token}"}
        address = f"http://127.0.0.1:{api.server.port}{API}/events?since=0"
        told = []
        session = aiohttp.ClientSession(headers=headers)
        async with session, session.ws_connect(address) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            while not told or told[-1]["type"] != "settings.changed":
                told.append(await socket.receive_json())
        api.seen.add(("GET", f"{API}/events", 101))
        return told

    told = asyncio.run(asyncio.wait_for(listen(), 60))
    schema = {"$ref": "#/components/schemas/Event"}
    for event in told:
        api.validate(event, schema, "an event")
    assert {f"workflow.{what}" for what in ("saved", "moved", "deleted", "restored")} <= {
        event["type"] for event in told
    }


def test_every_promised_answer_is_given_as_described(api_server: Serving) -> None:
    api = contract_with(api_server)
    api_server.worker_pid()
    for part in (operation, documents, jobs, files, workflows, personal, events):
        part(api)
    assert api.promised() - api.seen == set()


def test_the_description_is_sound(api_server: Serving) -> None:
    document = contract_with(api_server).document
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        jsonschema_rs.meta.validate(schema)
        assert schema.get("description"), name
    used = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    queries = {"FileFilter", "JobFilter", "ModelQuery", "PictureQuery", "QueueFilter", "Subscribe",
               "View", "Wait"}  # fmt: skip
    assert used == set(schemas) - queries
    ids = [o["operationId"] for methods in document["paths"].values() for o in methods.values()]
    assert len(ids) == len(set(ids))
    for methods in document["paths"].values():
        for operation in methods.values():
            good = [v for k, v in operation["responses"].items() if k in ("200", "201", "202")]
            assert all("content" in described for described in good), operation
