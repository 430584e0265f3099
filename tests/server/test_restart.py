"""A server that is killed and started again: jobs, their order, the pause, events, retention."""

from pathlib import Path
from typing import Any

from tests.server.serving import Serving, one, serving
from tests.server.watching import ended, heard, job, listening, posted, until


def order(server: Serving) -> list[str]:
    """Ids of waiting jobs."""
    return [found["id"] for found in server.call("GET", "/api/v1/queue").json["queued"]]


def test_a_killed_server_goes_on_where_it_was(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        with listening(server, 0) as socket:
            running = posted(server, one("Until", marker=str(tmp_path / "over")))
            until(lambda: job(server, running)["state"] == "running", "a running job")
            server.call("POST", "/api/v1/queue/pause")
            waiting = [
                posted(server, one("Show", value=f"{client}{i}"), client=client)
                for client, count in (("a", 3), ("b", 1))
                for i in range(count)
            ]
            held = posted(server, one("Show", value="held"))
            assert server.call("POST", f"/api/v1/jobs/{held}/pause").json["state"] == "paused"
            server.call("POST", f"/api/v1/jobs/{waiting[2]}/move", {"to": "front"})
            before = order(server)
            assert before[0] == waiting[2]
            seen = heard(socket, "job.moved", waiting[2])
        server.kill()
        server.start()
        queue = server.call("GET", "/api/v1/queue").json
        assert queue["paused"] and not queue["running"]
        assert order(server) == [running, *before]
        assert [found["id"] for found in queue["held"]] == [held]
        (tmp_path / "over").touch()
        with listening(server, seen[-1]["seq"]) as socket:
            server.call("POST", "/api/v1/queue/resume")
            for id in (running, *waiting):
                assert ended(server, id)["state"] == "done"
            assert server.call("POST", f"/api/v1/jobs/{held}/resume").json["state"] == "queued"
            seen += heard(socket, "job.done", held)
        assert job(server, running)["attempts"] == 2
        numbers = [event["seq"] for event in seen]
        assert numbers == sorted(set(numbers))
        for id in (running, *waiting, held):
            kept = server.call("GET", f"/api/v1/jobs/{id}/events").json["events"]
            assert [event for event in seen if event["job"] == id] == kept
            assert [event["type"] for event in kept].count("job.done") == 1


def test_a_running_job_is_paused_and_goes_on(server: Serving) -> None:
    id = posted(server, one("Slow", seconds=30.0))
    until(lambda: job(server, id)["progress"], "progress")
    server.call("POST", f"/api/v1/jobs/{id}/pause")
    until(lambda: job(server, id)["state"] == "paused", "a paused job")
    assert server.run(one("Show", value="meanwhile"))["state"] == "done"
    assert server.call("POST", f"/api/v1/jobs/{id}/move", {"to": "front"}).status == 409
    assert server.call("POST", f"/api/v1/jobs/{id}/resume").json["state"] == "queued"
    until(lambda: job(server, id)["state"] == "running", "a job that runs again")
    assert server.call("POST", f"/api/v1/jobs/{id}/resume").status == 409
    server.call("POST", f"/api/v1/jobs/{id}/pause")
    until(lambda: job(server, id)["state"] == "paused", "a paused job")
    assert server.call("POST", f"/api/v1/jobs/{id}/cancel").json["state"] == "cancelled"
    assert server.call("POST", f"/api/v1/jobs/{id}/pause").status == 409


def test_limits_hold_for_each_client_and_for_all(tmp_path: Path) -> None:
    with serving(tmp_path, "--client-limit", "3", "--queue-limit", "5") as server:
        server.call("POST", "/api/v1/queue/pause")

        def post(client: str) -> Any:
            body = {"document": one("Show"), "client": client}
            return server.call("POST", "/api/v1/jobs", body)

        assert [post("a").status for _ in range(4)] == [202, 202, 202, 429]
        assert "3 jobs of this client" in post("a").json["detail"]
        assert [post("b").status for _ in range(3)] == [202, 202, 429]
        first = order(server)[0]
        assert server.call("POST", f"/api/v1/jobs/{first}/cancel").json["state"] == "cancelled"
        assert post("b").status == 202
        answer = server.call("POST", "/api/v1/jobs/cancel", {"client": "b"})
        assert len(answer.json["cancelled"]) == 3


def test_retention_holds_and_a_client_is_told_of_the_gap(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        jobs = [server.run(one("Show", value=str(i))) for i in range(6)]
        with listening(server, 0) as socket:
            last = heard(socket, "job.done", jobs[-1]["id"])[-1]["seq"]
        server.stop()
        server.arguments = ("--keep-jobs", "2")
        server.start()
        kept = server.call("GET", "/api/v1/jobs").json["jobs"]
        assert [found["id"] for found in kept] == [jobs[5]["id"], jobs[4]["id"]]
        assert server.call("GET", f"/api/v1/jobs/{jobs[3]['id']}/events").status == 404
        assert server.run(one("Show"))["number"] == 7
        with listening(server, 1) as socket:
            assert '"hello"' in str(socket.recv()) and '"gap"' in str(socket.recv())
        with listening(server, last) as socket:
            assert '"hello"' in str(socket.recv())
            assert heard(socket, "job.done")[0]["type"] == "job.queued"
        assert server.call("POST", "/api/v1/history/clear", {}).json["deleted"] == 3
        server.kill()
        server.start()
        assert server.run(one("Show"))["number"] == 8
