"""Jobs of many clients while processes are killed at random: none is lost, none is wrong.

Larger: `FAULT_JOBS=300 FAULT_KILLS=30 python -m pytest -m heavy tests/server/test_faults.py -s`.
"""

import asyncio
import os
import random
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
import yaml
from msgspec import json

from tests.server.serving import ROOT, Serving, serving

JOBS = int(os.environ.get("FAULT_JOBS", "16"))
KILLS = int(os.environ.get("FAULT_KILLS", "3"))
SEED = int(os.environ.get("FAULT_SEED", "1"))
CLIENTS = min(20, JOBS)
TROUBLE = (aiohttp.ClientError, OSError, asyncio.TimeoutError)


def document(number: int) -> dict[str, Any]:
    """Every job makes its own picture."""
    made: dict[str, Any] = yaml.safe_load((ROOT / "workflows/txt2img.yaml").read_text())
    made["nodes"]["canvas"] |= {"width": 64, "height": 64}
    made["nodes"]["sampler"] |= {"seed": number, "steps": 8}
    made["nodes"]["save"] |= {"filename_prefix": f"job-{number}"}
    return made


@dataclass
class Client:
    """One that posts its jobs until each is accepted, and resumes its events where it was."""

    name: str
    server: Serving
    session: aiohttp.ClientSession
    numbers: list[int]
    texts: dict[int, str] = field(default_factory=dict)
    last: int = 0
    done: set[str] = field(default_factory=set)

    async def post(self) -> None:
        """All of its jobs, under ids that it chooses."""
        for number in self.numbers:
            body = {"document": document(number), "id": f"job-{number}", "client": self.name}
            while True:
                try:
                    url = f"http://127.0.0.1:{self.server.port}/api/v1/jobs"
                    async with self.session.post(url, json=body) as answer:
                        if answer.status == 202:
                            break
                        assert answer.status in (200, 503), await answer.text()
                        if answer.status == 200:
                            break
                except TROUBLE:
                    pass
                await asyncio.sleep(0.2)
            await asyncio.sleep(random.random())

    async def listen(self) -> None:
        """All events of everybody, each once."""
        while True:
            url = f"http://127.0.0.1:{self.server.port}/api/v1/events?since={self.last}"
            try:
                async with self.session.ws_connect(url) as socket:
                    async for message in socket:
                        if message.type is aiohttp.WSMsgType.TEXT:
                            self.hear(message.data)
            except TROUBLE:
                pass
            await asyncio.sleep(0.1)

    def hear(self, text: str) -> None:
        """Note a durable event."""
        event = json.decode(text)
        assert event["type"] != "gap"
        if "seq" in event and event["type"] != "hello":
            assert event["seq"] > self.last
            self.last = event["seq"]
            self.texts[self.last] = text
            if event["type"] in ("job.done", "job.failed"):
                assert event["job"] not in self.done
                self.done.add(event["job"])


async def kill(server: Serving, which: str, chance: random.Random) -> None:
    """Kill the server or a process of it; a server is started again, as systemd would."""
    assert server.process is not None
    if which == "server":
        server.kill()
        await asyncio.to_thread(server.start)
        return
    health = await asyncio.to_thread(lambda: server.call("GET", "/api/v1/health").json)
    worker = health["workers"][0]["pid"]
    for child in psutil.Process(server.process.pid).children():
        if child.pid == worker or chance.random() < 0.3:
            child.kill()


async def disturbed(server: Serving) -> tuple[list[Client], Counter[str]]:
    """Post, listen and kill until every job has ended for every client."""
    chance, killed = random.Random(SEED), Counter[str]()
    headers = {"Authorization": f"Bearer {server.token}"}
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
    async with aiohttp.ClientSession(
        headers=headers, timeout=timeout, connector=aiohttp.TCPConnector(limit=0)
    ) as session:
        clients = [
            Client(f"client {i}", server, session, list(range(i, JOBS, CLIENTS)))
            for i in range(CLIENTS)
        ]
        listening = [asyncio.create_task(client.listen()) for client in clients]
        posting = [asyncio.create_task(client.post()) for client in clients]
        victims = [("server", "worker")[i % 2] for i in range(KILLS)]
        chance.shuffle(victims)
        for number, which in enumerate(victims):
            due = (number + chance.random()) * JOBS / KILLS - 1
            while len(clients[0].done) < due:
                await asyncio.sleep(0.05)
            await asyncio.sleep(chance.random())
            await kill(server, which, chance)
            killed[which] += 1
        await asyncio.gather(*posting)
        while any(len(client.done) < JOBS for client in clients):
            failed = [task for task in listening if task.done()]
            assert not failed, failed[0].exception()
            await asyncio.sleep(0.05)
        for task in listening:
            task.cancel()
    return clients, killed


def digests(server: Serving) -> dict[str, list[str]]:
    """The pictures of every job in the history, which must hold each once."""
    found = server.call("GET", "/api/v1/jobs?limit=1000").json["jobs"]
    assert sorted(job["id"] for job in found) == sorted(f"job-{i}" for i in range(JOBS))
    assert {job["state"] for job in found} == {"done"}, [j["error"] for j in found if j["error"]]
    return {
        job["id"]: [file["sha256"] for file in job["outputs"]["save"]["files"]] for job in found
    }


@pytest.mark.heavy
@pytest.mark.timeout(1200)
def test_no_job_and_no_event_is_lost(tmp_path: Path) -> None:
    began = time.monotonic()
    with serving(tmp_path / "disturbed", "--retries", "30") as server:
        clients, killed = asyncio.run(disturbed(server))
        made = digests(server)
        attempts = Counter(
            job["attempts"] for job in server.call("GET", "/api/v1/jobs?limit=1000").json["jobs"]
        )
        server.stop()
    took = time.monotonic() - began
    with sqlite3.connect(tmp_path / "disturbed/data/server.sqlite") as connection:
        kept = dict(connection.execute("select seq, text from events"))
    for client in clients:
        assert client.texts == {seq: kept[seq] for seq in kept if seq <= client.last}
    types = Counter((e["type"], e["job"]) for e in map(json.decode, kept.values()))
    for i in range(JOBS):
        assert types["job.queued", f"job-{i}"] == types["job.done", f"job-{i}"] == 1
    with serving(tmp_path / "undisturbed") as server:
        for i in range(JOBS):
            server.run(document(i), wait=0, id=f"job-{i}")
        for i in range(JOBS):
            while server.call("GET", f"/api/v1/jobs/job-{i}?wait=50").json["state"] != "done":
                pass
        assert made == digests(server)
    print(
        f"\n{JOBS} jobs of {CLIENTS} clients in {took:.0f} s, killed: {dict(killed)}; "
        f"attempts: {dict(attempts)}; {len(kept)} events, heard by every client"
    )
