"""Other users, slow clients, very many of them, and who listens."""

import asyncio
import io
import json
import socket
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from websockets.sync.client import connect

from tests.server.attacks.uploads import PIXEL, form, upload
from tests.server.serving import ALICE, BOB, TRIVIAL, Answer, Serving


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
