"""The server on real sockets: its start, jobs a second, answers from the cache, many listeners.

`python -m benchmarks.server [start|jobs|cached|load]`, all without a name. `SECONDS` of load: 60.
"""

import asyncio
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import yaml
from msgspec import json

from tests.server.serving import ROOT, Serving, one, serving

TEXT2IMAGE = ROOT / "workflows" / "txt2img.yaml"
ROUNDS = 7
JOBS, CONNECTIONS = 3000, 16
NAMES = "server, inspector, worker"
LISTENERS, RATE = 200, 50
SECONDS = float(os.environ.get("SECONDS", "60"))


@dataclass
class Connection:
    """One kept HTTP connection that costs this process little."""

    token: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def call(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of one request."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        lines = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(lines.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(lines[9:12]), await self.reader.readexactly(length)


@asynccontextmanager
async def connection(server: Serving) -> AsyncIterator[Connection]:
    """A connection to a server."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 24)
    try:
        yield Connection(server.token, reader, writer)
    finally:
        writer.close()


def told(name: str, values: Iterable[float], unit: str = "ms", scale: float = 1000.0) -> None:
    """Print median and extremes."""
    found = sorted(value * scale for value in values)
    middle = statistics.median(found)
    print(f"{name:<44} {middle:9.1f} {unit}   ({found[0]:.1f} to {found[-1]:.1f})", flush=True)


def start(folder: Path) -> None:
    """Start to first answer, in turn with `import torch`."""
    server = Serving(folder, lazy=False)
    torch, answer = [], []
    server.start().stop()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        torch.append(time.perf_counter() - began)
        began = time.perf_counter()
        server.start()
        answer.append(time.perf_counter() - began)
        server.stop()
    told("start to first answer", answer)
    ratio = statistics.median(answer) / statistics.median(torch)
    told("import torch", torch)
    print(f"{'start / import torch':<44} {ratio:9.2f}")


def family(server: Serving) -> list[psutil.Process]:
    """The server, its inspector, its worker."""
    assert server.process is not None
    parent = psutil.Process(server.process.pid)
    return [parent, *sorted(parent.children(), key=lambda p: p.pid)]


async def ended(server: Serving, count: int) -> list[Any]:
    """So many ends of jobs, heard over a websocket."""
    events: list[Any] = []
    headers = {"Authorization": f"Bearer {server.token}"}
    url = f"http://127.0.0.1:{server.port}/api/v1/events?batch=true"
    async with aiohttp.ClientSession(headers=headers) as session, session.ws_connect(url) as socket:
        async for message in socket:
            found = json.decode(message.data)
            events += [e for e in found if e["type"] in ("job.done", "job.failed")]
            if len(events) >= count:
                return events
    raise ConnectionError


def processor(server: Serving) -> list[float]:
    """Seconds of processor time of this program, the server and its processes."""
    times = [process.cpu_times() for process in [psutil.Process(), *family(server)]]
    return [time.user + time.system for time in times]


async def jobs(server: Serving) -> None:
    """Trivial jobs: accepted, run and recorded."""
    counts = iter(range(JOBS))
    accepted: list[float] = []

    async def post(name: str) -> None:
        body = json.encode({"document": one("Show", value="hello"), "client": name})
        async with connection(server) as client:
            for _ in counts:
                began = time.perf_counter()
                status, answer = await client.call("POST", "/api/v1/jobs", body)
                accepted.append(time.perf_counter() - began)
                assert status == 202, answer

    before = processor(server)
    listening = asyncio.create_task(ended(server, JOBS))
    await asyncio.sleep(0.2)
    began = time.perf_counter()
    await asyncio.gather(*(post(f"client {i}") for i in range(CONNECTIONS)))
    posted = time.perf_counter() - began
    events = await listening
    took = time.perf_counter() - began
    assert all(event["type"] == "job.done" for event in events)
    print(f"{'trivial jobs a second, posted to recorded':<44} {JOBS / took:9.0f} /s")
    spent = [(b - a) / JOBS * 1000 for a, b in zip(before, processor(server), strict=True)]
    text = " + ".join(f"{part:.2f}" for part in spent)
    print(f"{'  processor a job':<44} {sum(spent):9.2f} ms   (this program, {NAMES}: {text})")
    print(f"{'  accepted a second':<44} {JOBS / posted:9.0f} /s")
    told("  time to accept one of them", accepted)


async def cached(server: Serving) -> None:
    """Round trips of documents that are wholly in the cache."""
    text2image = json.encode({"document": yaml.safe_load(TEXT2IMAGE.read_text()), "wait": 50})
    kind = {"node": "StringConcatenate", "string_b": "-"}
    nodes: dict[str, Any] = {"n0": {**kind, "string_a": "x"}}
    nodes |= {f"n{i}": {**kind, "string_a": f"$n{i - 1}"} for i in range(1, 999)}
    nodes["show"] = {"node": "Show", "value": "$n998"}
    big = json.encode({"document": {"nodes": nodes}, "wait": 50})
    async with connection(server) as client:
        for name, body in (("txt2img, cached", text2image), ("1,000 nodes, cached", big)):
            times = []
            for i in range(30):
                began = time.perf_counter()
                status, answer = await client.call("POST", "/api/v1/jobs", body)
                took = time.perf_counter() - began
                job = json.decode(answer)
                assert status == 200 and job["state"] == "done", answer
                if i >= 5:
                    times.append(took)
                    assert {n["state"] for n in job["nodes"].values()} == {"cached"}
            told(name, times)


@dataclass
class Seen:
    """What the listeners have heard."""

    events: int = 0
    lost: int = 0


async def listen(server: Serving, session: aiohttp.ClientSession, seen: Seen, batch: bool) -> None:
    """One websocket client."""
    url = f"http://127.0.0.1:{server.port}/api/v1/events" + ("?batch=true" if batch else "")
    async with session.ws_connect(url) as socket:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                seen.events += message.data.count('"seq":')
    seen.lost += 1


def bare(port: Any) -> None:
    """A server that does nothing: what the machine itself makes of an answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            writer.write(b"x\n")

    async def run() -> None:
        found = await asyncio.start_server(answer, "127.0.0.1", 0)
        port.send(found.sockets[0].getsockname()[1])
        await found.serve_forever()

    asyncio.run(run())


def poll(token: str, port: int, other: int, seconds: float, found: Any) -> None:
    """Seconds that `health` takes, and that `bare` takes, asked in turn from a calm process."""

    async def run() -> tuple[list[float], list[float]]:
        health, control = [], []
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        client = Connection(token, reader, writer)
        lines, out = await asyncio.open_connection("127.0.0.1", other)
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            assert (await client.call("GET", "/api/v1/health"))[0] == 200
            health.append((middle := time.perf_counter()) - began)
            out.write(b"x\n")
            await lines.readline()
            control.append(time.perf_counter() - middle)
            await asyncio.sleep(0.02)
        return health, control

    found.send(asyncio.run(run()))


def memory(server: Serving) -> list[float]:
    """MB of the server and of its processes."""
    return [process.memory_info().rss / 1e6 for process in family(server)]


async def load(server: Serving) -> None:
    """Many listeners and a steady rate of cached graphs."""
    body = json.encode({"document": yaml.safe_load(TEXT2IMAGE.read_text())})
    seen, sizes, done = Seen(), list[list[float]](), 0
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    control = context.Process(target=bare, args=(there,), daemon=True)
    control.start()
    polled = (server.token, server.port, here.recv(), SECONDS, there)
    poller = context.Process(target=poll, args=polled, daemon=True)
    headers = {"Authorization": f"Bearer {server.token}"}
    async with aiohttp.ClientSession(
        headers=headers, connector=aiohttp.TCPConnector(limit=0)
    ) as session:
        listeners = [
            asyncio.create_task(listen(server, session, seen, i % 2 == 0)) for i in range(LISTENERS)
        ]
        await asyncio.sleep(3)
        stop = asyncio.Event()

        async def post(every: float) -> None:
            nonlocal done
            async with connection(server) as client:
                due = time.perf_counter()
                while not stop.is_set():
                    status, answer = await client.call("POST", "/api/v1/jobs", body)
                    assert status in (200, 202), answer
                    done += 1
                    due += every
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))

        poller.start()
        before = processor(server)
        began = time.perf_counter()
        posters = 10
        tasks = [asyncio.create_task(post(posters / RATE)) for _ in range(posters)]
        steps = 4
        for _ in range(steps):
            await asyncio.sleep(SECONDS / steps)
            sizes.append(memory(server))
        stop.set()
        await asyncio.gather(*tasks)
        took = time.perf_counter() - began
        spent = [(b - a) / took for a, b in zip(before, processor(server), strict=True)]
        await asyncio.sleep(1)
        for listener in listeners:
            listener.cancel()
    print(f"{'jobs a second':<44} {done / took:9.1f} /s")
    text = " + ".join(f"{part:.2f}" for part in spent)
    print(f"{'processors in use':<44} {sum(spent):9.2f}      (this program, {NAMES}: {text})")
    print(f"{'events a second to all listeners':<44} {seen.events / took:9.0f} /s")
    print(f"{'listeners cut off':<44} {seen.lost:9d}")
    for name, values in zip(("health", "a bare server beside it"), here.recv(), strict=True):
        told(name, values)
        print(f"{'  p99':<44} {sorted(values)[int(len(values) * 0.99)] * 1000:9.1f} ms")
    control.terminate()
    for i, size in enumerate(sizes, 1):
        text = " ".join(f"{part:.0f}" for part in size)
        print(f"memory after {SECONDS * i / steps:5.0f} s: {text} MB ({NAMES})")


def main(names: list[str]) -> None:
    """Print the figures asked for."""
    print("load of the machine:", " ".join(f"{x:.1f}" for x in os.getloadavg()))
    with tempfile.TemporaryDirectory() as folder:
        if not names or "start" in names:
            start(Path(folder) / "start")
        with serving(Path(folder) / "rest", lazy=False) as server:
            server.run(yaml.safe_load(TEXT2IMAGE.read_text()))  # all is loaded now
            if not names or "jobs" in names:
                asyncio.run(jobs(server))
            if not names or "cached" in names:
                asyncio.run(cached(server))
            if not names or "load" in names:
                asyncio.run(load(server))


if __name__ == "__main__":
    main(sys.argv[1:])
