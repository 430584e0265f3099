"""The launcher, and an orderly stop: nobody who waits is kept waiting."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.server.serving import ROOT, Serving, one
from tests.server.watching import job, listening, until


def test_the_launcher_serves_and_a_stop_lets_everybody_go(tmp_path: Path) -> None:
    server = Serving(tmp_path, program=(str(ROOT / "server.py"),))
    server.start()
    try:
        with listening(server) as socket, ThreadPoolExecutor(1) as pool:
            assert json.loads(socket.recv(30))["type"] == "hello"
            waiting = pool.submit(server.run, one("Slow", seconds=60), wait=50, id="slow")
            until(
                lambda: (
                    server.call("GET", "/api/v1/jobs/slow").status == 200
                    and job(server, "slow")["progress"]
                ),
                "progress",
            )
            assert server.stop() == 0
            assert waiting.result(30)["state"] == "running"
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    socket.recv(30)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1001
        server.start()
        assert until(lambda: job(server, "slow")["state"] == "running", "the job again")
        assert job(server, "slow")["attempts"] == 1
        server.call("POST", "/api/v1/jobs/slow/cancel")
    finally:
        server.stop()
