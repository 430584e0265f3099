"""Health, metrics, sessions, models, cache, workers, and the OpenAPI document."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct, json

from nodeflow import __version__
from nodeflow.engine import upkeep
from nodeflow.engine.disk_cache import DiskCache
from nodeflow.server.api.answers.operation import (
    CacheSize,
    Health,
    Model,
    ModelCounts,
    ModelHash,
    Models,
    Removed,
    Who,
)
from nodeflow.server.api.answers.problem import Nothing
from nodeflow.server.api.files import FILE_POLICY
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.guard import cookie_of, set_cookie, user_of
from nodeflow.server.http.route import Call, Reply, Route
from nodeflow.server.process.questions import AskModelHash, AskModelPicture, AskModels


class Session(Struct, frozen=True, forbid_unknown_fields=True):
    """The token that lets in."""

    token: str


class ModelQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """looks: also the families of each model, and whether a picture lies beside it."""

    looks: bool = False


class PictureQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """size: pixels of the longer side."""

    size: Annotated[int, Meta(ge=16, le=1024)] = 128


async def health(call: Call) -> Health:
    """Whether the server works; with a token also how busy it is."""
    state = call.state
    ready = any(worker.state != "starting" for worker in state.workers.list)
    status: Literal["starting", "ok", "stopping"]
    status = "stopping" if state.core.closed else "ok" if ready else "starting"
    data: Health = {"status": status, "version": __version__}
    if not call.request.get("nodeflow.known"):
        return data
    core = state.core
    return {
        **data,
        "uptime": time.monotonic() - state.began,
        "trouble": state.database.trouble,
        "queue": {
            "queued": core.backlog, "running": len(core.running), "paused": core.paused,
        },
        "workers": [
            {
                "id": worker.name, "device": worker.device, "state": worker.state,
                "pid": worker.process.pid, "memory": worker.process.memory,
                "job": worker.job.job if worker.job else None,
                "restarts": worker.restarts, "ended": worker.ended,
            }
            for worker in state.workers.list
        ],
        "plugins": [
            {
                "plugin": trouble.plugin, "reason": trouble.reason, "count": trouble.count,
                "at": trouble.at, "blocked": trouble.blocked,
            }
            for trouble in state.blame.troubles.values()
        ],
    }  # fmt: skip


async def metrics(call: Call) -> web.Response:
    """Figures in Prometheus's text format."""
    state = call.state
    core = state.core
    lines = [
        "# TYPE nodeflow_jobs_total counter",
        *(f'nodeflow_jobs_total{{state="{s}"}} {count}' for s, count in core.counts.items()),
        "# TYPE nodeflow_jobs_waiting gauge",
        f"nodeflow_jobs_waiting {core.backlog}",
        "# TYPE nodeflow_jobs_running gauge",
        f"nodeflow_jobs_running {len(core.running)}",
        "# TYPE nodeflow_event_listeners gauge",
        f"nodeflow_event_listeners {len(state.events.listeners)}",
        "# TYPE nodeflow_events_total counter",
        f"nodeflow_events_total {state.events.sent}",
        "# TYPE nodeflow_worker_memory_bytes gauge",
        *(
            f'nodeflow_worker_memory_bytes{{worker="{w.name}"}} {w.process.memory}'
            for w in state.workers.list
        ),
        "# TYPE nodeflow_worker_restarts_total counter",
        *(
            f'nodeflow_worker_restarts_total{{worker="{w.name}"}} {w.restarts}'
            for w in state.workers.list
        ),
    ]
    return web.Response(text="\n".join(lines) + "\n", content_type="text/plain")


async def whoami(call: Call) -> Who:
    """Who is let in with this token."""
    if not call.request.get("nodeflow.known"):
        raise Fault(401, "unauthorized", "open the link that the server printed")
    return {"user": call.user}


async def log_in(call: Call, body: Session) -> web.Response:
    """Exchange a token for a cookie."""
    if call.state.options.tokens and user_of(call.state.options, body.token) is None:
        raise Fault(401, "unauthorized", "this is not the token")
    response = web.Response(status=204)
    set_cookie(response, call.request, body.token)
    return response


async def log_out(call: Call) -> web.Response:
    """Forget the cookie."""
    response = web.Response(status=204)
    response.del_cookie(cookie_of(call.request))
    return response


async def model_kinds(call: Call) -> Reply[ModelCounts]:
    """How many models there are of each kind."""
    return Reply(json=(await call.state.inspector.ask(AskModels())).body)


async def models(call: Call, query: ModelQuery) -> Reply[Models]:
    """Models of a kind with what their headers say."""
    asked = AskModels(call.part("kind"), looks=query.looks)
    return Reply(json=(await call.state.inspector.ask(asked)).body)


async def model_picture(call: Call, query: PictureQuery) -> web.Response:
    """The picture beside a model file (`name.png`, `name.preview.png`, …), small, as WebP."""
    asked = AskModelPicture(call.part("kind"), call.part("name"), query.size)
    answer = await call.state.inspector.ask(asked)
    headers = {"Content-Security-Policy": FILE_POLICY, "Cache-Control": "private, max-age=600"}
    return web.Response(body=answer.blob, content_type="image/webp", headers=headers)


async def model(call: Call) -> Model:
    """One model."""
    asked = AskModels(call.part("kind"), call.part("name"))
    answer = await call.state.inspector.ask(asked)
    return json.decode(answer.body, type=Models)["models"][0]


async def model_hash(call: Call) -> Reply[ModelHash]:
    """SHA-256 of a model file."""
    asked = AskModelHash(call.part("kind"), call.part("name"))
    return Reply(json=(await call.state.inspector.ask(asked)).body)


async def cache(call: Call) -> CacheSize:
    """How much the disk cache holds."""

    def look() -> CacheSize:
        if call.state.options.cache is None:
            return {"folder": None, "entries": 0, "bytes": 0, "seconds": 0.0}
        disk = DiskCache(Path(call.state.options.cache))
        try:
            stats = upkeep.stats(disk)
        finally:
            disk.close()
        return {
            "folder": stats.folder, "entries": stats.entries, "bytes": stats.bytes,
            "seconds": stats.seconds,
        }  # fmt: skip

    return await asyncio.to_thread(look)


async def clear_cache(call: Call) -> Removed:
    """Forget all results on disk."""

    def work() -> int:
        if call.state.options.cache is None:
            return 0
        disk = DiskCache(Path(call.state.options.cache))
        try:
            return upkeep.clear(disk)
        finally:
            disk.close()

    removed = await asyncio.to_thread(work)
    call.state.workers.free()
    return {"removed": removed}


async def free(call: Call) -> Reply[Nothing]:
    """Drop models and results from the workers' memory."""
    call.state.workers.free()
    return Reply({}, 202)


ROUTES = [
    Route("GET", "/api/v1/health", health, public=True),
    Route("GET", "/api/v1/metrics", metrics, media="text/plain"),
    Route("GET", "/api/v1/session", whoami),
    Route("POST", "/api/v1/session", log_in, status=204, public=True),
    Route("DELETE", "/api/v1/session", log_out, status=204),
    Route("GET", "/api/v1/models", model_kinds),
    Route("GET", "/api/v1/models/{kind}", models),
    Route("POST", "/api/v1/models/{kind}/{name:.+}/hash", model_hash),
    Route("GET", "/api/v1/models/{kind}/{name:.+}/preview", model_picture, media="image/webp"),
    Route("GET", "/api/v1/models/{kind}/{name:.+}", model),
    Route("GET", "/api/v1/cache", cache),
    Route("POST", "/api/v1/cache/clear", clear_cache),
    Route("POST", "/api/v1/workers/free", free, status=202),
]
