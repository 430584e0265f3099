"""What attackers tried on servers of this kind, each against a real one."""

import asyncio
import io
import json
import os
import socket
import struct
import time
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.server.serving import ALICE, BOB, TRIVIAL, Answer, Serving, one


def pixel() -> bytes:
    """The smallest picture."""
    out = io.BytesIO()
    Image.new("RGB", (1, 1)).save(out, "PNG")
    return out.getvalue()


PIXEL = pixel()


def form(file: str, content: bytes, **fields: str) -> tuple[bytes, dict[str, str]]:
    """A multipart body with one file, and its header."""
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{file}"\r\n\r\n'
    body = b"".join([*parts, head.encode(), content, b"\r\n--x--\r\n"])
    return body, {"Content-Type": "multipart/form-data; boundary=x"}


def upload(server: Serving, file: str, content: bytes = PIXEL, **fields: str) -> Answer:
    body, headers = form(file, content, **fields)
    return server.call("POST", "/api/v1/files", body, headers)


def refused(answer: Answer, *statuses: int) -> None:
    """A problem that says what, and no traceback."""
    assert answer.status in statuses, (answer.status, answer.body[:300])
    assert answer.json["detail"] and b"Traceback" not in answer.body


# Pages of other sites


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:1", "file://"]
)
def test_pages_of_other_origins(server: Serving, origin: str) -> None:
    for method, path in (("POST", "/api/v1/jobs"), ("GET", "/api/v1/jobs"), ("POST", "/prompt")):
        body = {"document": TRIVIAL} if method == "POST" else None
        refused(server.call(method, path, body, {"Origin": origin}), 403)


def test_forms_of_other_sites_are_not_taken_for_json(server: Serving) -> None:
    body = json.dumps({"document": TRIVIAL}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = server.call("POST", "/api/v1/jobs", body, {"Content-Type": kind})
        refused(answer, 400, 415)
    refused(server.call("GET", "/api/v1/jobs", headers={"Sec-Fetch-Site": "cross-site"}), 403)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8188", "127.0.0.1.evil.example", ""]
)
def test_names_that_were_bound_to_this_address(server: Serving, host: str) -> None:
    refused(server.call("GET", "/api/v1/health", headers={"Host": host}), 400, 403)


def test_websockets_of_other_origins(server: Serving) -> None:
    address = f"ws://127.0.0.1:{server.port}/api/v1/events"
    own = {"Authorization": f"Bearer {server.token}"}
    for more in ({"Origin": "http://evil.example"}, {"Origin": "null"}):
        with pytest.raises(InvalidStatus):
            connect(address, additional_headers={**own, **more})
    with pytest.raises(InvalidStatus):
        connect(address)
    with connect(address, additional_headers=own) as mine:
        assert json.loads(mine.recv(10))["type"] == "hello"


def test_nobody_comes_in_without_the_token(server: Serving) -> None:
    for path in ("/api/v1/jobs", "/api/v1/openapi.json", "/metrics", "/object_info", "/",
                 "/sdapi/v1/options", "/api/v1/files/output"):  # fmt: skip
        answer = server.call("GET", path, token="wrong")
        assert answer.status == 401, path
    file = server.folder / "data" / "token"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert server.token not in server.call("GET", "/api/v1/health").body.decode()


def test_the_link_lets_in_though_there_is_an_old_cookie(
    server: Serving, users_server: Serving
) -> None:
    names = []
    for each, token in ((server, server.token), (users_server, ALICE)):
        name = f"nodeflow-{each.port}"
        old = {"Cookie": f"{name}=an-old-one"}
        assert each.call("GET", "/api/v1/jobs", headers=old, token="").status == 401
        answer = each.call("GET", f"/?token={token}", headers=old, token="")
        assert answer.status == 302 and answer.headers["location"] == "/"
        cookie, _, rest = answer.headers["set-cookie"].partition(";")
        assert cookie == f"{name}={token}" and "HttpOnly" in rest and "SameSite=Strict" in rest
        names.append(name)
        both = {"Cookie": f"{cookie}; nodeflow-1=another-server's"}
        assert each.call("GET", "/api/v1/jobs", headers=both, token="").status == 200
        gone = each.call("DELETE", "/api/v1/session", headers=both, token="")
        assert gone.headers["set-cookie"].startswith(f'{name}=""')
        wrong = {**both, "Authorization": "Bearer wrong"}
        assert each.call("GET", "/api/v1/jobs", headers=wrong).status == 401
    assert len(set(names)) == 2


# Paths

OUTSIDE = ["../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "..%252fsecret.txt",
           "sub/../../secret.txt", "/etc/passwd", "%2fetc%2fpasswd", "..\\secret.txt",
           "..%5csecret.txt", "C:/secret.txt", "C%3a%5csecret.txt", "a%00.png", "link/secret.txt",
           "link.png", ".hidden.png"]  # fmt: skip


def test_paths_that_leave_their_folder(server: Serving) -> None:
    work = server.folder / "work"
    (work / "secret.txt").write_text("secret")
    for folder in ("output", "input"):
        inside = work / folder
        inside.mkdir(exist_ok=True)
        for link, target in (("link", work), ("link.png", work / "secret.txt")):
            if not (inside / link).is_symlink():
                (inside / link).symlink_to(target)
        (inside / ".hidden.png").write_bytes(PIXEL)
        for path in OUTSIDE:
            for address in (f"/api/v1/files/{folder}/{path}",
                            f"/view?type={folder}&filename={path}",
                            f"/view?type={folder}&filename=a.png&subfolder={path}"):  # fmt: skip
                answer = server.call("GET", address)
                assert answer.status in (400, 403, 404), (address, answer.status)
                assert b"secret" not in answer.body or b"detail" in answer.body
        listed = server.call("GET", f"/api/v1/files/{folder}").json["files"]
        assert not [f for f in listed if f["path"].startswith((".", "link"))]


@pytest.mark.parametrize("name", ["../up.png", "/tmp/up.png", "a\\..\\..\\up.png", "c:up.png",
                                  "up.svg", "up.html", "up.py", ".up.png", "a\x00.png",
                                  "x" * 500 + ".png", "con?.png"])  # fmt: skip
def test_names_of_uploads(server: Serving, name: str) -> None:
    refused(upload(server, "a.png", PIXEL, name=name), 400, 404)
    refused(upload(server, "a.png", PIXEL, subfolder=f"../{name}"), 400, 404)
    outside = {path.name for path in server.folder.rglob("*up*")}
    assert not [n for n in outside if n.endswith((".svg", ".html", "up.py", "up.png"))]


def test_documents_and_drafts_stay_in_their_folder(server: Serving) -> None:
    for name in ("../evil.yaml", "%2e%2e%2fevil.yaml", "/tmp/evil.yaml", "a/../../evil.yaml",
                 "..%5cevil.yaml", ".evil.yaml", "evil.py", "evil"):  # fmt: skip
        body = {"document": TRIVIAL}
        answer = server.call("PUT", f"/api/v1/workflows/{name}", body)
        assert answer.status in (400, 403, 404, 405), (name, answer.status, answer.body)
    assert not list(server.folder.rglob("*evil*"))
    answer = server.call("PUT", "/api/v1/drafts/" + quote("../../evil", safe=""), {"content": {}})
    assert answer.status in (400, 404)


@pytest.mark.parametrize("prefix", ["../out/evil", "/tmp/evil", "a/../../evil", "evil\x00"])
def test_outputs_stay_in_their_folder(server: Serving, prefix: str) -> None:
    document = {
        "nodes": {
            "blank": {"node": "EmptyImage", "width": 16, "height": 16},
            "save": {"node": "SaveImage", "images": "$blank", "filename_prefix": prefix},
        }
    }
    answer = server.call("POST", "/api/v1/jobs", {"document": document, "wait": 50})
    assert answer.status in (400, 422) or answer.json["state"] == "failed", answer.body
    assert not list(server.folder.rglob("*evil*"))


# What a browser would run


def test_files_that_are_programs_are_downloads_in_a_box(server: Serving) -> None:
    output = server.folder / "work" / "output"
    output.mkdir(exist_ok=True)
    for name in ("evil.svg", "evil.html", "evil.xml", "evil.js"):
        (output / name).write_text("<script>alert(1)</script>")
        for address in (f"/api/v1/files/output/{name}", f"/view?type=output&filename={name}"):
            answer = server.call("GET", address)
            if answer.status == 200:
                assert answer.headers["content-type"].startswith("application/octet-stream")
                assert answer.headers["content-disposition"].startswith("attachment")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "default-src" in answer.headers["content-security-policy"]


def test_line_ends_make_no_headers(server: Serving) -> None:
    answer = server.call("GET", "/api/v1/files/output/a%0d%0aSet-Cookie:%20evil=1.png")
    assert "set-cookie" not in answer.headers
    refused(upload(server, "a.png", PIXEL, name="a\r\nSet-Cookie: x.png"), 400)
    answer = server.call("GET", "/view?filename=a%0d%0aX-Evil:%201.png&type=output")
    assert "x-evil" not in answer.headers
    changed = server.call("PATCH", "/api/v1/settings", {"values": {"a\r\nb": "c\r\nd"}})
    assert "b" not in changed.headers


# Bombs


def chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def png(width: int, height: int, *chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


def test_pictures_that_are_bombs(server: Serving) -> None:
    rows = zlib.compress(b"\0" * 10_000_000, 9)
    text = chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"x" * 200_000_000, 9))
    bombs = {
        "pixels": png(60_000, 60_000, chunk(b"IDAT", rows)),
        "text": png(1, 1, text, chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))),
        "cut": PIXEL[:40],
        "words": b"this is no picture",
        "nothing": b"",
    }
    for name, content in bombs.items():
        began = time.monotonic()
        answer = upload(server, f"{name}.png", content)
        assert answer.status in (400, 413, 415, 422), (name, answer.status, answer.body)
        told = server.call("POST", "/api/v1/convert", content, {"Content-Type": "image/png"})
        assert told.status in (400, 413, 415, 422), (name, told.status, told.body[:200])
        assert time.monotonic() - began < 60
    assert server.call("GET", "/api/v1/health").status == 200


def animation(frames: int) -> bytes:
    """A GIF of very many frames that all say the same."""
    out = io.BytesIO()
    Image.new("P", (1000, 1000)).save(out, "GIF")
    whole = out.getvalue()
    return whole[:-1] + whole[whole.index(b"\x2c", 13 + 768) : -1] * (frames - 1) + b";"


def test_an_animation_that_is_a_bomb(server: Serving) -> None:
    """20 GB of pixels in a few MB: refused, or read for its first frames only."""
    bomb = animation(20_000)
    assert upload(server, "frames.gif", bomb).status in (200, 201, 400, 413, 415)
    inputs = server.folder / "work" / "input"
    inputs.mkdir(exist_ok=True)
    (inputs / "put.gif").write_bytes(bomb)
    began = time.monotonic()
    small = server.call("GET", "/api/v1/files/input/put.gif?thumbnail=32")
    assert small.status in (200, 415) and time.monotonic() - began < 60
    document = {
        "nodes": {
            "load": {"node": "LoadImage", "image": "put.gif"},
            "see": {"node": "PreviewImage", "images": "$load.IMAGE"},
        }
    }
    answer = server.call("POST", "/api/v1/jobs", {"document": document, "wait": 60})
    assert answer.status in (200, 422), answer.body
    worker = server.call("GET", "/api/v1/health").json["workers"][0]
    assert worker["memory"] < 4e9 and worker["job"] is None


def test_files_that_are_too_large(server: Serving) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
        raw.sendall(
            f"POST /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Authorization: Bearer {server.token}\r\nContent-Type: application/json\r\n"
            "Content-Length: 5000000000\r\n\r\n".encode()
        )
        assert b" 413 " in raw.recv(4000).split(b"\r\n")[0]


def test_uploads_that_are_too_large(server: Serving) -> None:
    big = bytes(100_000_001)
    refused(upload(server, "big.png", big), 413)
    body, headers = form("big.png", big)
    for path in ("/upload/image", "/api/v2/assets"):
        named = body.replace(b'name="file"', b'name="image"') if "upload" in path else body
        assert server.call("POST", path, named, headers).status == 413, path
    left = [*server.folder.rglob("*.partial"), *server.folder.rglob("big*")]
    assert not left


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"document": ' + '{"a": ' * 50_000, '{"document": 1e999}', "{", "null", '"x"',
     '{"document": {"nodes": ' + json.dumps({f"n{i}": {} for i in range(30_000)}) + "}}"],
    ids=["deep list", "deep mapping", "infinity", "cut", "null", "text", "many nodes"],
)  # fmt: skip
def test_json_that_is_a_bomb(server: Serving, text: str) -> None:
    for path in ("/api/v1/jobs", "/api/v1/validate", "/api/v1/plan", "/prompt"):
        answer = server.call(
            "POST", path, text.encode(), {"Content-Type": "application/json"}, timeout=60
        )
        assert 400 <= answer.status < 500 or path == "/api/v1/validate", (path, answer.body[:200])
    assert server.call("GET", "/api/v1/health").status == 200


def test_yaml_that_is_a_bomb(server: Serving) -> None:
    laughs = "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
    )
    refused(server.call("POST", "/api/v1/convert", {"text": laughs}), 400, 422)
    refused(server.call("POST", "/api/v1/convert", {"text": "[" * 100_000}), 400, 422)


def links(count: int) -> dict[str, Any]:
    """Very many nodes that all go to one."""
    nodes: dict[str, Any] = {f"n{i}": {"node": "Show"} for i in range(count)}
    nodes["all"] = {"node": "Show", "value": [f"$n{i}" for i in range(count)]}
    return {"nodes": nodes}


def nested(levels: int) -> dict[str, Any]:
    """Subgraphs that each hold two of the next: a billion nodes out of a page."""
    graphs: dict[str, Any] = {
        f"g{i}": {"nodes": {"a": {"use": f"g{i + 1}"}, "b": {"use": f"g{i + 1}"}}}
        for i in range(levels)
    }
    graphs[f"g{levels}"] = {"nodes": {"it": {"node": "Show"}}}
    return {"nodes": {"top": {"use": "g0"}}, "subgraphs": graphs}


@pytest.mark.parametrize(
    "document",
    [
        {"nodes": {"a": {"node": "Show", "value": "$b"}, "b": {"node": "Show", "value": "$a"}}},
        links(100_000),
        nested(30),
        one("EmptyImage", width=10**9, height=10**9),
        one("EmptyImage", width=512, height=512, batch_size=10**6),
        one("EmptyImage", width=-5, height=512),
        one("Slow", seconds="nan"),
        one("KSampler", steps=-1),
        {"nodes": {f"n{i}": {"node": "Show"} for i in range(500_000)}},
    ],
    ids=["circle", "links", "nested", "width", "batch", "negative", "nan", "steps", "nodes"],
)
def test_graphs_that_are_bombs(server: Serving, document: Any) -> None:
    answer = server.call("POST", "/api/v1/jobs", {"document": document}, timeout=80)
    assert answer.status in (400, 413, 422), (answer.status, answer.body[:300])
    assert server.call("GET", "/api/v1/health").status == 200


def test_not_a_number_and_infinity_in_json(server: Serving) -> None:
    for value in ("NaN", "Infinity", "-Infinity", "1e400"):
        text = json.dumps({"document": one("Slow", seconds="HERE")}).replace('"HERE"', value)
        answer = server.call(
            "POST", "/api/v1/jobs", text.encode(), {"Content-Type": "application/json"}
        )
        assert answer.status in (400, 422), (value, answer.status)


# Code


def test_pickles_are_not_models(server: Serving) -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {server.folder}/pwned",)

    for kind in ("checkpoints", "loras", "vae", "embeddings"):
        folder = server.folder / "work" / "models" / kind
        folder.mkdir(parents=True, exist_ok=True)
        for suffix in ("ckpt", "pt", "safetensors"):
            (folder / f"evil.{suffix}").write_bytes(pickle.dumps(Evil()))
    server.call("POST", "/api/v1/node-types/refresh")
    for name in ("evil", "evil.ckpt", "evil.pt", "evil.safetensors"):
        document = {
            "nodes": {
                "it": {"node": "CheckpointLoaderSimple", "ckpt_name": name},
                "see": {"node": "PreviewAny", "source": "$it.MODEL"},
            }
        }
        refused(server.call("POST", "/api/v1/jobs", {"document": document}), 400, 422)
    embedded = {
        "nodes": {
            "checkpoint": {"node": "CheckpointLoaderSimple", "ckpt_name": "tiny-emoji"},
            "text": {"node": "CLIPTextEncode", "clip": "$checkpoint.CLIP",
                     "text": "embedding:evil embedding:evil.pt a cat"},
            "lora": {"node": "LoraLoader", "model": "$checkpoint.MODEL", "clip": "$checkpoint.CLIP",
                     "lora_name": "evil.pt"},
            "vae": {"node": "VAELoader", "vae_name": "evil.pt"},
            "see": {"node": "PreviewAny", "source": "$text"},
            "see lora": {"node": "PreviewAny", "source": "$lora.MODEL"},
            "see vae": {"node": "PreviewAny", "source": "$vae"},
        }
    }  # fmt: skip
    for only in ("see", "see lora", "see vae"):
        answer = server.call(
            "POST", "/api/v1/jobs", {"document": embedded, "only": [only], "wait": 50}
        )
        assert answer.status in (200, 422), answer.body
        assert only == "see" or answer.status == 422 or answer.json["state"] == "failed"
    for path in ("/api/v1/models/checkpoints/evil", "/view_metadata/checkpoints?filename=evil"):
        assert server.call("GET", path).status in (200, 400, 404, 422)
    assert not (server.folder / "pwned").exists()


def test_no_route_changes_plugins_or_settings_files(server: Serving) -> None:
    plugins = server.folder / "work" / "plugins"
    before = {path: path.read_bytes() for path in plugins.rglob("*.py")}
    outside = quote("../../plugins/evil.py", safe="")
    for path in ("/plugins/evil.py", "/api/v1/plugins", "/customnode/install",
                 f"/userdata/{outside}", "/api/v1/files/plugins/evil.py"):  # fmt: skip
        for method in ("POST", "PUT"):
            answer = server.call(method, path, b"import os", {"Content-Type": "text/x-python"})
            assert answer.status >= 400, path
    assert {path: path.read_bytes() for path in plugins.rglob("*.py")} == before
    for path in ("..%2ftoken", "..%2f..%2ftoken", "token", "%2e%2e/settings.json"):
        answer = server.call("GET", f"/userdata/{path}")
        assert server.token.encode() not in answer.body


def test_plugins_that_print_gigabytes_or_die(server: Serving) -> None:
    assert server.run(one("Loud", megabytes=30))["state"] == "done"
    job = server.run(one("Die", marker=str(server.folder / "marker"), times=5))
    assert job["state"] == "failed"
    assert server.run(TRIVIAL)["state"] == "done"
    assert (server.folder / "log").stat().st_size < 10_000_000


# Others


def test_users_are_apart(users_server: Serving) -> None:
    server = users_server

    def by(token: str, method: str, path: str, body: Any = None) -> Answer:
        return server.call(method, path, body, token=token)

    posted = by(ALICE, "POST", "/api/v1/jobs", {"document": TRIVIAL, "wait": 50}).json
    id = posted["id"]
    assert by(ALICE, "GET", f"/api/v1/jobs/{id}").status == 200
    for method, path in (("GET", ""), ("GET", "/document"), ("GET", "/events"), ("POST", "/cancel"),
                         ("POST", "/retry"), ("DELETE", "")):  # fmt: skip
        assert by(BOB, method, f"/api/v1/jobs/{id}{path}").status == 404, path
    assert id not in by(BOB, "GET", "/api/v1/jobs").body.decode()
    assert id not in by(BOB, "GET", "/history").body.decode()
    body, headers = form("mine.png", PIXEL)
    assert server.call("POST", "/api/v1/files", body, headers, token=ALICE).status == 201
    assert by(ALICE, "GET", "/api/v1/files/input/mine.png").status == 200
    files = "/api/v1/files/input"
    for path in (f"{files}/mine.png", f"{files}/..%2falice%2fmine.png", f"{files}/alice/mine.png",
                 "/view?type=input&filename=mine.png"):  # fmt: skip
        assert by(BOB, "GET", path).status in (400, 404), path
    assert by(ALICE, "PUT", "/api/v1/drafts/d", {"content": {}}).status < 300
    assert by(BOB, "GET", "/api/v1/drafts/d").status == 404


def test_events_are_for_those_they_belong_to(users_server: Serving) -> None:
    server = users_server

    def of(token: str) -> Any:
        address = f"ws://127.0.0.1:{server.port}/api/v1/events?since=0"
        return connect(address, additional_headers={"Authorization": f"Bearer {token}"})

    def post(token: str) -> str:
        body = {"document": TRIVIAL, "wait": 50}
        return str(server.call("POST", "/api/v1/jobs", body, token=token).json["id"])

    with of(ALICE) as alice, of(BOB) as bob:
        ids = {"alice": post(ALICE), "bob": post(BOB)}
        server.call("PATCH", "/api/v1/settings", {"values": {"a": 1}}, token=ALICE)
        for name, socket in (("alice", alice), ("bob", bob)):
            heard: list[Any] = []
            while ["job.done", ids[name]] not in [[e["type"], e.get("job")] for e in heard]:
                heard.append(json.loads(socket.recv(timeout=60)))
            others = set(ids.values()) - {ids[name]}
            assert not others & {event.get("job") for event in heard}
            if name == "bob":
                assert "settings.changed" not in [event["type"] for event in heard]


def test_slow_clients_that_never_read(server: Serving) -> None:
    """A client that takes nothing loses its connection or previews; others notice nothing."""
    request = (
        f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: Bearer {server.token}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    deaf = []
    for _ in range(5):
        one_more = socket.create_connection(("127.0.0.1", server.port))
        one_more.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one_more.sendall(request)
        deaf.append(one_more)
    half = socket.create_connection(("127.0.0.1", server.port))
    half.sendall(b"POST /api/v1/jobs HTTP/1.1\r\nContent-Le")
    try:
        for _ in range(20):
            assert server.run(TRIVIAL)["state"] == "done"
    finally:
        for one_more in (*deaf, half):
            one_more.close()


def test_very_many_websockets(server: Serving) -> None:
    async def all_at_once() -> list[int]:
        import aiohttp

        headers = {"Authorization": f"Bearer {server.token}"}
        found = []
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
            opened = []
            for _ in range(520):
                try:
                    opened.append(
                        await session.ws_connect(f"http://127.0.0.1:{server.port}/api/v1/events")
                    )
                    found.append(101)
                except aiohttp.WSServerHandshakeError as error:
                    found.append(error.status)
            async with session.get(f"http://127.0.0.1:{server.port}/api/v1/jobs") as answer:
                assert answer.status == 200
            for each in opened:
                await each.close()
        return found

    found = asyncio.run(all_at_once())
    assert found.count(101) == 500 and set(found) == {101, 503}


def test_previews_are_encoded_anew(server: Serving) -> None:
    info = PngInfo()
    info.add_text("secret", "private words")
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, "PNG", pnginfo=info)
    answer = upload(server, "secret.png", out.getvalue())
    assert answer.status in (200, 201)
    small = server.call("GET", "/api/v1/files/input/secret.png?thumbnail=32")
    assert small.headers["content-type"] == "image/webp" and b"private" not in small.body


def test_the_token_is_nowhere_in_the_log_but_in_the_link(server: Serving) -> None:
    server.call("GET", f"/api/v1/jobs?token={server.token}", token="")
    lines = [line for line in server.log.splitlines() if server.token in line]
    assert all("http://" in line for line in lines) and len(lines) <= 2


def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    import subprocess
    import sys

    for arguments in (("--no-token", "--host", "0.0.0.0"), ("--no-token", "--host", "::")):
        done = subprocess.run(
            [sys.executable, "-m", "nodeflow", "serve", "--port", "0", *arguments],
            cwd=tmp_path, env=Serving(tmp_path).environment(), capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2 and "token" in done.stderr
        assert "Traceback" not in done.stderr
