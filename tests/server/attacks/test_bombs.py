"""Pictures, files, JSON, YAML and graphs that are bombs."""

import io
import json
import socket
import struct
import time
import zlib
from typing import Any

import pytest
from PIL import Image

from tests.server.attacks.uploads import PIXEL, form, refused, upload
from tests.server.serving import Serving, one


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
