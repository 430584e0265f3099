"""Bodies and queries that nobody means, users apart, other origins: no 500, nothing leaks."""

import json
import os
import time
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from nodeflow.server.a1111.asked import Img2Img, Txt2Img, asked_for
from nodeflow.server.a1111.routes import ROUTES as A1111
from nodeflow.server.comfyui.routes import BARE
from nodeflow.server.comfyui.v2.routes import ROUTES as V2
from nodeflow.server.http.fault import Fault
from tests.server.comfyui.talking import entry_of, plain_picture, post, show
from tests.server.serving import ALICE, BOB, Serving

ROUTES = [route for route in (*BARE, *A1111, *V2) if not route.path.endswith("/ws")]
QUICK = [route for route in ROUTES if not route.path.endswith("/txt2img")]
"""Without the one that draws a large picture from an empty body."""
KEYS = st.sampled_from(
    ["prompt", "client_id", "prompt_id", "number", "front", "extra_data", "extra_pnginfo",
     "partial_execution_targets", "class_type", "inputs", "_meta", "clear", "delete", "job_ids",
     "unload_models", "image", "init_images", "steps", "width", "batch_size", "override_settings",
     "sd_model_checkpoint", "sampler_name", "1", "value", "imageList", "images", "text",
     "workflow", "metadata", "__type", "info"]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False),
    st.text(max_size=20), st.sampled_from(["Show", "SaveImage", "EmptyImage", "KSampler", "true"]),
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner),
    max_leaves=12,
)
EXAMPLES = int(os.environ.get("COMFYUI_FUZZ", "100"))
FORMS = st.sampled_from(["JSON", "no JSON"])


def path_of(path: str, part: str) -> str:
    """A route's path with its variable parts filled in."""
    for name in ("{id}", "{kind}", "{file:.+}", "{dest:.+}", "{folder}", "{hash}", "{language}"):
        path = path.replace(name, quote(part, safe="") or "x")
    return path


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_nothing_makes_the_server_stumble(comfy: Serving, data: st.DataObject) -> None:
    route = data.draw(st.sampled_from(QUICK))
    path = path_of(route.path, data.draw(st.text(min_size=1, max_size=12)))
    names = st.sampled_from(
        ["filename", "type", "preview", "channel", "subfolder", "max_items", "offset", "limit",
         "status", "sort_by", "dir", "path", "recurse", "full_info", "split", "overwrite"]
    )  # fmt: skip
    query = data.draw(st.dictionaries(names, st.text(max_size=12), max_size=3))
    if query:
        path += "?" + urlencode(query)
    body: Any = None
    if route.method == "POST":
        value = data.draw(JSON)
        body = json.dumps(value).encode() if data.draw(FORMS) == "JSON" else repr(value).encode()
    answer = comfy.call(route.method, path, body, {"Content-Type": "application/json"})
    assert answer.status < 500, (route.method, path, body, answer.body)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(KEYS, JSON))
def test_a_request_is_read_or_refused(body: dict[str, Any]) -> None:
    for kind in (Txt2Img, Img2Img):
        try:
            asked = asked_for(body, kind)
        except Fault as fault:
            assert fault.status == 422
        else:
            assert 0 < asked.batch_size * asked.n_iter <= 64


def test_a_graph_that_is_a_bomb(comfy: Serving) -> None:
    for depth in (100, 3000, 300_000):
        deep = b'{"1": {"class_type": "Show", "inputs": {"value": ' + b"[" * depth + b"]" * depth
        answer = comfy.call("POST", "/prompt", b'{"prompt": ' + deep + b"}}}}")
        assert answer.status == 400, depth
    links = {f"in{i}": ["2", 0] for i in range(20_000)}
    graph: dict[str, Any] = {"1": {"class_type": "Show", "inputs": {**links, "value": "many"}}}
    answer = post(comfy, graph)
    assert answer.status == 200
    assert entry_of(comfy, answer.json["prompt_id"])["outputs"] == {"1": {"text": ["many"]}}
    huge = plain_picture(0, "huge")
    for width in (10**9, -1, 1e400, "NaN"):
        huge["1"]["inputs"]["width"] = width
        body = json.dumps({"prompt": huge}).encode()
        assert comfy.call("POST", "/prompt", body).status == 400, width


def test_other_origins_are_refused_everywhere(comfy: Serving) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil"},
                    {"Sec-Fetch-Site": "cross-site"}):  # fmt: skip
        for route in ROUTES:
            answer = comfy.call(route.method, path_of(route.path, "x"), b"{}", headers)
            assert answer.status == 403, (route.path, headers)
    for origin in ("https://evil.example", "null"):
        with pytest.raises(InvalidStatus, match="403"):
            connect(f"ws://127.0.0.1:{comfy.port}/ws?clientId=x", origin=origin)  # type: ignore[arg-type]


def test_users_never_see_one_another(users_server: Serving) -> None:
    server = users_server

    def messages(server: Serving, token: str, prompt: str) -> list[Any]:
        address = f"ws://127.0.0.1:{server.port}/ws?clientId=shared&token={token}"
        heard = []
        with connect(address) as socket:
            heard.append(json.loads(socket.recv(timeout=60)))
            server.call("POST", "/prompt", {"prompt": show(prompt), "client_id": "shared"},
                        token=token)  # fmt: skip
            while heard[-1]["data"].get("node", "") is not None:
                heard.append(json.loads(socket.recv(timeout=60)))
        return heard

    address = f"http://127.0.0.1:{server.port}"
    for route in ROUTES:
        path = path_of(route.path, "x")
        assert server.call(route.method, path, b"{}", token="wrong").status == 401, route.path
    with pytest.raises(InvalidStatus, match="401"):
        connect(f"ws://127.0.0.1:{server.port}/ws")
    sent = {"prompt": plain_picture(7, "private")}
    id = server.call("POST", "/prompt", sent, token=ALICE).json["prompt_id"]
    while not (found := server.call("GET", f"/history/{id}", token=ALICE).json):
        time.sleep(0.05)
    image = found[id]["outputs"]["2"]["images"][0]
    seen = f"/view?filename={image['filename']}"
    assert server.call("GET", seen, token=ALICE).status == 200
    assert server.call("GET", seen, token=BOB).status == 404
    assert server.call("GET", f"/history/{id}", token=BOB).json == {}
    assert id not in server.call("GET", "/history", token=BOB).json
    jobs = server.call("GET", "/api/jobs", token=BOB).json["jobs"]
    assert id not in [job["id"] for job in jobs]
    assert id in [job["id"] for job in server.call("GET", "/api/jobs", token=ALICE).json["jobs"]]
    assert server.call("GET", f"/api/jobs/{id}", token=BOB).status == 404
    server.call("POST", "/history", {"clear": True}, token=BOB)
    assert id in server.call("GET", "/history", token=ALICE).json
    server.call("POST", "/userdata/a.txt", b"alice", token=ALICE)
    assert server.call("GET", "/userdata/a.txt", token=BOB).status == 404
    server.call("POST", "/settings/x", 1, token=ALICE)
    assert server.call("GET", "/settings", token=BOB).json == {}
    asked = Request(f"{address}/queue?token={BOB}")
    assert urlopen(asked).status == 200
    alice, bob = messages(server, ALICE, "hers"), messages(server, BOB, "his")
    ids = [{m["data"].get("prompt_id") for m in heard} - {None} for heard in (alice, bob)]
    assert len(ids[0]) == len(ids[1]) == 1 and ids[0] != ids[1]
