"""Serves the built page with real node types and templates: the editor without jobs.

For tests and benchmarks of the page alone; what runs is tested with the server itself.
"""

import asyncio
import threading
from pathlib import Path
from typing import Any

import yaml
from aiohttp import WSMsgType, web

from nodeflow.node.describe import input_data
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import load_registry
from nodeflow.node.port import InputFile, Multiline, PortType, Seed, wire_name
from nodeflow.node.spec import InputSpec

ROOT = Path(__file__).resolve().parents[2]
API = "/api/v1"
LITERAL = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}


def input_of(port: InputSpec, folders: Folders) -> dict[str, Any]:
    data = {"required": False, **input_data(port, folders)}
    if data.get("default") is None:
        data.pop("default", None)
    return data | {
        "optional": port.optional,
        "description": port.description,
        "multiline": port.constraint(Multiline) is not None,
        "seed": port.constraint(Seed) is not None,
        "input_file": port.constraint(InputFile) is not None,
        "literal": wire_name(port.type) in LITERAL,
    }


def node_types() -> dict[str, Any]:
    registry, folders = load_registry([]), Folders()
    colours: dict[str, dict[str, str]] = {}
    nodes = []
    for spec in registry.nodes.values():
        for port in (*spec.inputs, *spec.outputs):
            if isinstance(port.type, PortType):
                colours[port.type.name] = {"colour": port.type.colour}
        nodes.append(
            {
                "id": spec.id,
                "display_name": spec.declaration.display_name or spec.id,
                "category": spec.declaration.category,
                "version": spec.declaration.version,
                "description": spec.description,
                "output": spec.declaration.output,
                "plugin": spec.plugin.name,
                "inputs": [input_of(port, folders) for port in spec.inputs],
                "outputs": [{"name": o.name, "type": wire_name(o.type)} for o in spec.outputs],
            }
        )
    accepts = [["FLOAT", "INT"], ["COMBO", "STRING"]]
    return {"digest": "", "nodes": nodes, "types": colours, "accepts": accepts, "aliases": {}}


class PageServer:
    """A server in a thread; `saved` holds the texts of workflows that were saved."""

    def __init__(self) -> None:
        self.saved: dict[str, str] = {}
        self.drafts: dict[str, Any] = {}
        self.types = node_types()
        self.loop = asyncio.new_event_loop()
        self.port = 0
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait(30)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        runner = web.AppRunner(self._app(), shutdown_timeout=0.1)
        self.loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self.loop.run_until_complete(site.start())
        self.port = runner.addresses[0][1]
        ready.set()
        self.loop.run_forever()
        self.loop.run_until_complete(runner.cleanup())
        self.loop.close()

    def _app(self) -> web.Application:
        app = web.Application()
        dist = ROOT / "web" / "dist"
        app.add_routes(
            [
                web.get("/", lambda _: web.FileResponse(dist / "index.html")),
                web.static("/assets", dist / "assets"),
                web.get(f"{API}/node-types", lambda _: web.json_response(self.types)),
                web.get(f"{API}/templates/{{id}}", self._template),
                web.get(f"{API}/templates", self._templates),
                web.get(f"{API}/queue", self._queue),
                web.get(f"{API}/events", self._events),
                web.put(f"{API}/workflows/{{path}}", self._save),
                web.put(f"{API}/drafts/{{id}}", self._keep),
                web.get(f"{API}/drafts/{{id}}", self._draft),
            ]
        )
        return app

    async def _template(self, request: web.Request) -> web.Response:
        text = (ROOT / "workflows" / f"{request.match_info['id']}.yaml").read_text()
        return web.json_response({"document": yaml.safe_load(text), "text": text})

    async def _templates(self, _: web.Request) -> web.Response:
        files = sorted((ROOT / "workflows").glob("*.yaml"))
        found = [{"id": f.stem, "name": f.stem, "description": "", "nodes": 1} for f in files]
        return web.json_response({"templates": found})

    async def _queue(self, _: web.Request) -> web.Response:
        return web.json_response({"paused": False, "running": [], "queued": []})

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json([{"type": "hello", "seq": 0, "oldest": 0, "server": "a"}])
        async for message in socket:
            if message.type == WSMsgType.CLOSE:
                break
        return socket

    async def _save(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.saved[path] = (await request.json())["text"]
        return web.json_response({"path": path, "etag": "1"}, status=201)

    async def _keep(self, request: web.Request) -> web.Response:
        before = self.drafts.get(request.match_info["id"], {"revision": 0})
        draft = {**await request.json(), "revision": before["revision"] + 1}
        self.drafts[request.match_info["id"]] = draft
        return web.json_response({"revision": draft["revision"]})

    async def _draft(self, request: web.Request) -> web.Response:
        draft = self.drafts.get(request.match_info["id"])
        return web.json_response(draft or {}, status=200 if draft else 404)
