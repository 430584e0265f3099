"""The application: all routes over one server state."""

import logging
import sys
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from nodeflow.server.a1111 import routes as a1111
from nodeflow.server.api import (
    documents,
    files,
    frames,
    jobs,
    operation,
    personal,
    queue,
    workflows,
)
from nodeflow.server.api.answers.problem import ProblemDetails
from nodeflow.server.comfyui import logs
from nodeflow.server.comfyui import routes as comfyui
from nodeflow.server.events import socket
from nodeflow.server.http.guard import cookie_of, guard
from nodeflow.server.http.openapi import openapi
from nodeflow.server.http.page import page
from nodeflow.server.http.route import STATE, UPLOAD, Call, Route, served
from nodeflow.server.options import Options
from nodeflow.server.state import ServerState

PAGE = "/{name:(?!api/|sdapi/|internal/|metrics$).+}"
"""Whatever the editor may have: its files, and its own addresses."""


async def nowhere(request: web.Request) -> web.StreamResponse:
    """A page takes nothing: this address, or this method of it, is not there."""
    methods: set[str] = set()
    for resource in request.app.router.resources():
        if resource.canonical != "/{name}":
            methods |= (await resource.resolve(request))[1]
    if methods:
        raise web.HTTPMethodNotAllowed(request.method, methods)
    raise web.HTTPNotFound


async def described(call: Call) -> dict[str, Any]:
    """This API as an OpenAPI document."""
    return openapi(ROUTES, ProblemDetails, cookie_of(call.request))


ROUTES: list[Route] = [
    *operation.ROUTES,
    Route("GET", "/api/v1/openapi.json", described),
    *documents.ROUTES,
    *queue.ROUTES,
    *jobs.ROUTES,
    *socket.ROUTES,
    *files.ROUTES,
    *frames.ROUTES,
    *workflows.ROUTES,
    *personal.ROUTES,
]


async def application(options: Options) -> web.Application:
    """An application whose state starts and stops with it."""
    app = web.Application(middlewares=[guard], client_max_size=UPLOAD)
    app[STATE] = ServerState(options)

    async def let_go(app: web.Application) -> None:
        app[STATE].let_go()

    app.on_shutdown.append(let_go)

    async def running(app: web.Application) -> AsyncIterator[None]:
        await app[STATE].start()
        yield
        await app[STATE].stop()

    app[logs.RECENT] = logs.RecentLog()
    app.cleanup_ctx.extend((logs.recent, running))
    usual = Route("GET", "/metrics", operation.metrics)  # where Prometheus looks by itself
    for route in [*ROUTES, usual, *comfyui.ROUTES, *a1111.ROUTES]:
        app.router.add_route(route.method, route.path, served(route))
    for route in comfyui.ROUTES:
        if route.method == "GET" and not route.path.endswith("/ws"):
            app.router.add_route("HEAD", route.path, served(route))
    app.router.add_get("/", page)
    app.router.add_get(PAGE, page)
    app.router.add_route("*", PAGE, nowhere)
    return app


async def started(options: Options) -> tuple[web.AppRunner, int]:
    """Serve; returns the runner to clean up, and the port. Raises OSError where it is taken."""
    import ssl

    sys.setswitchinterval(0.001)  # answers do not wait for the thread that writes
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    runner = web.AppRunner(
        await application(options), access_log=None, shutdown_timeout=5, handler_cancellation=True
    )
    context = None
    if options.certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port, ssl_context=context)
        await site.start()
    except BaseException:
        await runner.cleanup()
        raise
    port = int(runner.addresses[0][1])
    return runner, port
