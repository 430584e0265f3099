"""The stream of events: alone or in batches, to those who are slow, from any number on."""

import io
import json
from typing import Any

import pytest
from PIL import Image
from websockets.sync.client import connect

from nodeflow.server.events.log import BACKLOG, Listener
from tests.server.serving import Serving, one
from tests.server.watching import PATIENCE, ended, heard, listening, posted, sampling


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


def test_previews_come_with_what_they_show(server: Serving) -> None:
    url = f"ws://127.0.0.1:{server.port}/api/v1/events"
    headers = {"Authorization": f"Bearer {server.token}"}
    with connect(url, additional_headers=headers) as socket:
        id = posted(server, sampling(30, seed=91))
        frame = next(f for f in iter(lambda: socket.recv(PATIENCE), None) if isinstance(f, bytes))
        length = int.from_bytes(frame[2:4], "big")
        head = json.loads(frame[4 : 4 + length])
        assert frame[:2] == b"\1\1" and head["job"] == id and head["node"] == "sampler"
        assert Image.open(io.BytesIO(frame[4 + length :])).format == "JPEG"
        assert head["media_type"] == "image/jpeg" and 0 < head["step"] <= head["total"] == 30
        socket.send(json.dumps({"type": "previews", "on": False}))
        assert ended(server, id)["state"] == "done"


def test_a_listener_that_is_behind_loses_previews_and_never_results() -> None:
    woken: list[int] = []
    listener = Listener("", lambda: woken.append(1), previews=True)
    for number in range(BACKLOG):
        listener.add(number, b"result")
        listener.add_passing(f"progress:{number % 300}", b"progress")
        listener.add_picture(f"job:{number % 9}", b"picture %d" % number)
    assert [number for number, _ in listener.durable] == list(range(BACKLOG)) and woken
    assert len(listener.passing) <= 100 and len(listener.pictures) <= 4
    assert b"picture %d" % (BACKLOG - 1) in listener.pictures.values()
    assert not listener.lost
    listener.add(BACKLOG, b"one too many")
    assert listener.lost, "it is cut off and resumes: a gap in the middle would be worse"


@pytest.mark.heavy
def test_a_silent_server_is_heard_to_live(server: Serving) -> None:
    with listening(server) as socket:
        beat = json.loads(socket.recv(timeout=PATIENCE))["heartbeat"]
        said = json.loads(socket.recv(timeout=beat + PATIENCE))
        assert said == {"type": "ping"}
