"""Workers that are killed, crash, fork, hang or take too much: the server and the jobs go on."""

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from nodeflow.server.process.blame import Blame
from nodeflow.server.process.messages import FromProcess, Places, Setup
from nodeflow.server.process.supervise import ChildProcess
from tests.server.serving import Serving, one, serving
from tests.server.watching import PATIENCE, at_step, ended, gone, job, posted, sampling, until


def test_the_server_process_never_loads_torch(server: Serving) -> None:
    assert server.run(sampling(1))["state"] == "done"
    assert server.process is not None
    parent = psutil.Process(server.process.pid)
    loaded = {
        child.pid: any("torch" in found.path for found in child.memory_maps())
        for child in [parent, *parent.children()]
    }
    assert not loaded[parent.pid]
    assert [pid for pid, torch in loaded.items() if torch] == [server.worker_pid()]


def test_a_killed_job_goes_on_from_its_last_recorded_step(server: Serving) -> None:
    document = sampling(60, seed=7)
    id = posted(server, document)
    at_step(server, id, 12)
    worker = server.worker_pid()
    os.kill(worker, signal.SIGKILL)
    found = ended(server, id)
    assert found["state"] == "done" and found["attempts"] == 2
    assert server.worker_pid() != worker
    said = found["nodes"]["sampler"]["reason"]
    reused = int(said.rpartition("; ")[2].partition(" of ")[0])
    assert "model calls from recordings" in said and 10 <= reused < 60
    types = [e["type"] for e in server.call("GET", f"/api/v1/jobs/{id}/events").json["events"]]
    assert types.count("job.requeued") == 1 and types.count("job.done") == 1
    whole = server.run(document, again=True)
    digest = whole["outputs"]["save"]["files"][0]["sha256"]
    assert found["outputs"]["save"]["files"][0]["sha256"] == digest


def test_a_job_that_kills_its_worker_fails_the_second_time(server: Serving, tmp_path: Path) -> None:
    once = ended(server, posted(server, one("Die", marker=str(tmp_path / "once"))))
    assert once["state"] == "done" and once["attempts"] == 2
    twice = posted(server, one("Die", marker=str(tmp_path / "twice"), times=9))
    behind = posted(server, one("Show", value="behind"))
    failed = ended(server, twice)
    assert failed["state"] == "failed" and failed["attempts"] == 2
    assert failed["error"]["code"] == "worker_died"
    assert "in node 'it' (Die): it exited with 9" in failed["error"]["message"]
    assert failed["error"]["node"] == "it"
    worker = server.call("GET", "/api/v1/health").json["workers"][0]
    assert worker["restarts"] >= 3 and worker["ended"] == "it exited with 9"
    assert ended(server, behind)["state"] == "done"


def test_a_node_that_asks_for_too_much_memory_fails_alone(server: Serving) -> None:
    worker = server.worker_pid()
    failed = server.run(one("Greedy"))
    assert failed["error"]["message"] == "MemoryError: not enough memory"
    assert server.run(one("Show"))["state"] == "done" and server.worker_pid() == worker


def test_what_a_node_forked_neither_holds_the_job_nor_outlives_the_worker(
    server: Serving, tmp_path: Path
) -> None:
    found = ended(server, posted(server, one("Fork", marker=str(tmp_path / "fork"))))
    assert found["state"] == "done" and found["attempts"] == 2
    child = int((tmp_path / "fork").read_text())
    until(lambda: gone(child), "the end of the fork")


def test_a_waiting_cancel_outlives_the_worker(server: Serving) -> None:
    id = posted(server, one("Stuck", seconds=60))
    until(lambda: job(server, id)["state"] == "running", "a running job")
    server.call("POST", f"/api/v1/jobs/{id}/cancel")
    worker = server.worker_pid()
    os.kill(worker, signal.SIGKILL)
    assert ended(server, id)["state"] == "cancelled"
    until(lambda: server.worker_pid() != worker, "a new worker")


def test_the_inspector_is_replaced(server: Serving) -> None:
    assert server.process is not None
    worker = server.worker_pid()
    for child in psutil.Process(server.process.pid).children():
        if child.pid != worker:
            child.kill()
    answer = until(
        lambda: (
            (found := server.call("POST", "/api/v1/validate", {"document": one("Show")})).status
            == 200
            and found
        ),
        "a new inspector",
    )
    assert answer.json["valid"]
    assert server.worker_pid() == worker


def test_nothing_outlives_a_killed_server(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert server.process is not None
        server.worker_pid()
        pids = [child.pid for child in psutil.Process(server.process.pid).children()]
        assert len(pids) == 2
        server.kill()
        for pid in pids:
            until(lambda pid=pid: gone(pid), f"the end of {pid}")


@pytest.mark.parametrize("options", [("--device", "cpu,cpu"), ("--workers", "2")])
def test_every_device_has_its_workers(tmp_path: Path, options: tuple[str, str]) -> None:
    with serving(tmp_path, *options) as server:
        ids = [posted(server, one("Slow", seconds=60)) for _ in range(2)]
        behind = posted(server, one("Show"))
        for id in ids:
            until(lambda id=id: job(server, id)["state"] == "running", "both running")
        assert job(server, behind)["state"] == "queued"
        server.call("POST", f"/api/v1/jobs/{ids[1]}/cancel")
        assert ended(server, ids[1])["state"] == "cancelled"
        assert ended(server, behind)["state"] == "done"
        assert job(server, ids[0])["state"] == "running"
        assert len(server.call("GET", "/api/v1/health").json["workers"]) == 2


@pytest.mark.parametrize("head", ["00000008", "7fffffff"], ids=["no message", "too long"])
def test_a_worker_that_says_nonsense_is_replaced(
    server: Serving, tmp_path: Path, head: str
) -> None:
    worker = server.worker_pid()
    found = ended(server, posted(server, one("Babble", marker=str(tmp_path / "it"), head=head)))
    assert found["state"] == "done" and found["attempts"] == 2
    assert server.worker_pid() != worker
    assert "worker-0 said what nobody understands" in server.log


def test_a_fault_in_hearing_a_process_costs_that_process_alone(tmp_path: Path) -> None:
    def fault(message: FromProcess) -> None:
        raise RuntimeError("on purpose")

    async def life() -> str:
        ends: asyncio.Queue[str] = asyncio.Queue()
        places = Places(*(str(tmp_path / name) for name in ("output", "input", "temp")))
        process = ChildProcess("it", Setup("", places, None), fault, ends.put_nowait, Blame())
        await process.start()
        return await asyncio.wait_for(ends.get(), PATIENCE)

    assert "SIGKILL" in asyncio.run(life())


def test_a_machine_that_stood_still_costs_no_worker(tmp_path: Path) -> None:
    with serving(tmp_path, "--hang", "3") as server:
        assert server.process is not None
        worker = server.worker_pid()
        id = posted(server, one("Slow", seconds=5))
        until(lambda: job(server, id)["progress"], "progress")
        parent = psutil.Process(server.process.pid)
        for process in (parent, *parent.children()):
            process.suspend()
        time.sleep(5)
        children = parent.children()
        parent.resume()
        time.sleep(1)
        for process in children:
            process.resume()
        found = ended(server, id)
        assert found["state"] == "done" and found["attempts"] == 1
        assert server.worker_pid() == worker


@pytest.mark.heavy
def test_a_worker_that_hangs_stalls_or_takes_too_much_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, "--hang", "10", "--stall", "5", "--memory-limit", "1.5") as server:
        server.run(one("Show"))
        silent = posted(server, one("Slow", seconds=5))
        until(lambda: job(server, silent)["state"] == "running", "a running job")
        os.kill(server.worker_pid(), signal.SIGSTOP)
        found = ended(server, silent)
        assert found["state"] == "done" and found["attempts"] == 2
        stuck = ended(server, posted(server, one("Stuck", seconds=600)))
        assert stuck["state"] == "failed" and "no progress for 5 s" in stuck["error"]["message"]
        hoard = ended(server, posted(server, one("Hoard", megabytes=2500)))
        assert hoard["state"] == "failed"
        assert "more than 1.5 GB of memory" in hoard["error"]["message"]
        assert server.run(one("Show", value="alive"))["state"] == "done"


@pytest.mark.heavy
def test_a_job_that_does_not_hear_is_cancelled_by_force(server: Serving) -> None:
    id = posted(server, one("Stuck", seconds=600))
    until(lambda: job(server, id)["nodes"], "a running node")
    began = time.monotonic()
    server.call("POST", f"/api/v1/jobs/{id}/cancel")
    assert ended(server, id)["state"] == "cancelled"
    assert time.monotonic() - began < 600


@pytest.mark.heavy
def test_a_stop_ends_the_step_and_the_next_server_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        id = posted(server, sampling(80))
        at_step(server, id, 12)
        assert server.stop() == 0
        server.start()
        found = ended(server, id)
        assert found["state"] == "done" and found["attempts"] == 1
        assert "model calls from recordings" in found["nodes"]["sampler"]["reason"]
        second = subprocess.run(
            [*server.command(), "--port", "0"], env=server.environment(),
            cwd=server.folder / "work", capture_output=True, text=True,
        )  # fmt: skip
        assert second.returncode == 2 and "another server" in second.stderr
