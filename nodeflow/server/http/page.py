"""The editor's files, or a page that says how to build them."""

from pathlib import Path

from aiohttp import web

from nodeflow.node.folders import confined
from nodeflow.node.plugins import PACKAGE
from nodeflow.server.http.guard import set_cookie, user_of
from nodeflow.server.http.route import STATE

MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>nodeflow</title>
<style>body{font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem}</style>
<h1>nodeflow is running</h1>
<p>The editor is not built in this checkout. With Node 20:</p>
<pre>cd web &amp;&amp; npm ci &amp;&amp; npm run build</pre>
<p>then reload this page. The API is there already:
<a href="/api/v1/openapi.json">its description</a>,
<a href="/api/v1/health">health</a>.</p></html>"""
TYPES = {
    ".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml",
    ".png": "image/png", ".woff2": "font/woff2", ".json": "application/json",
    ".ico": "image/x-icon", ".webmanifest": "application/manifest+json", ".map": "application/json",
    ".wasm": "application/wasm", ".webp": "image/webp", ".txt": "text/plain",
}  # fmt: skip


def editor_folder(named: Path | None = None) -> Path | None:
    """The built editor: in the wheel, else in a checkout, else None."""
    places = [named] if named else [PACKAGE / "builtin" / "web", PACKAGE.parent / "web" / "dist"]
    return next((p for p in places if p is not None and (p / "index.html").is_file()), None)


async def page(request: web.Request) -> web.StreamResponse:
    """The editor; a token in the link becomes a cookie."""
    options = request.app[STATE].options
    token = request.query.get("token")
    if token is not None and options.tokens and user_of(options, token) is not None:
        response = web.Response(status=302, headers={"Location": "/"})
        set_cookie(response, request, token)
        return response
    folder = editor_folder(options.page)
    if folder is None:
        return web.Response(text=MISSING, content_type="text/html")
    name = request.match_info.get("name", "")
    file = confined(folder, name) if name else None
    if file is None or not file.is_file():
        page_wanted = "text/html" in request.headers.get("Accept", "")
        if "." in name.rsplit("/", 1)[-1] or (name and not page_wanted):
            raise web.HTTPNotFound
        file = folder / "index.html"
    hashed = name.startswith("assets/")
    caching = "public, max-age=31536000, immutable" if hashed else "no-cache"
    kind = TYPES.get(file.suffix, "application/octet-stream")
    return web.FileResponse(file, headers={"Content-Type": kind, "Cache-Control": caching})
