"""The stream of events: alone or in batches, to those who are slow, from any number on."""

import json
from typing import Any

from websockets.sync.client import connect

from tests.server.serving import Serving, one
from tests.server.watching import PATIENCE, ended, heard, listening, posted


def test_batches_hold_the_same_events(server: Serving) -> None:
    url = f"ws://127.0.0.1:{server.port}/api/v1/events?batch=true&since=0"
    headers = {"Authorization": f"Bearer {server.token}"}
    id = server.run(one("Show", value="x" * 70_000))["id"]
    with listening(server, 0) as socket:
        alone = heard(socket, "job.done", id)
    batched: list[Any] = []
    with connect(url, additional_headers=headers) as socket:
        while not any(e["type"] == "job.done" and e["job"] == id for e in batched):
            batched += json.loads(socket.recv(timeout=PATIENCE))
    assert [event for event in batched if event["type"] != "hello"] == alone
    assert alone[-1]["data"]["outputs"]["it"]["text"] == ["x" * 70_000]


def test_who_does_not_read_for_a_while_loses_nothing(server: Serving) -> None:
    with listening(server) as socket:
        ids = [posted(server, one("Show", value=f"{i}" + "y" * 50_000)) for i in range(25)]
        assert ended(server, ids[-1])["state"] == "done"
        assert server.call("GET", "/api/v1/health").status == 200
        events = heard(socket, "job.done", ids[-1])
    numbers = [event["seq"] for event in events]
    assert numbers == sorted(set(numbers))
    done = [event["job"] for event in events if event["type"] == "job.done"]
    assert done == ids


def test_a_number_that_this_server_never_gave_is_a_gap(server: Serving) -> None:
    id = server.run(one("Show"))["id"]
    with listening(server, 10**12) as socket:
        assert json.loads(socket.recv(timeout=PATIENCE))["type"] == "hello"
        assert json.loads(socket.recv(timeout=PATIENCE))["type"] == "gap"
        later = server.run(one("Show"))["id"]
        assert heard(socket, "job.done", later)[0]["type"] == "job.queued"
    assert id != later
