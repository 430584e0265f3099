"""Who may come in: Host, Origin, token; and the headers that every answer carries."""

import base64
import hmac
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import STATE, USER
from nodeflow.server.options import LOOPBACK, Options
from nodeflow.server.refusals import INTERNAL, refused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OWN, LONGEST = "/api/v1/", 200
"""Addresses of which the nearest are told, and how long they may be for that."""
PUBLIC = ("/api/v1/health", "/api/v1/session")
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
log = logging.getLogger("nodeflow.http")


def hostname(host: str) -> str:
    """A Host header without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def known_hosts(options: Options) -> set[str]:
    """Names under which this server may be called."""
    return {*LOOPBACK, options.host.lower(), *(h.lower() for h in options.hosts)} - {
        "0.0.0.0",
        "::",
    }


def check_origin(request: web.Request) -> None:
    """Raise Fault for another Host (DNS rebinding) and for pages of other origins."""
    options = request.app[STATE].options
    host = request.headers.get("Host", "")
    if hostname(host) not in known_hosts(options):
        raise Fault(403, "forbidden", "this Host is not served here; start with --allow-host NAME")
    origin = request.headers.get("Origin")
    if origin is not None:
        parts = urlsplit(origin) if origin != "null" else None
        if parts is None or parts.scheme not in ("http", "https") or parts.netloc != host:
            raise Fault(403, "forbidden", "pages of other origins may not call this server")
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.path != "/":
        raise Fault(403, "forbidden", "pages of other sites may not call this server")


def user_of(options: Options, token: str) -> str | None:
    """The user whose token this is, compared in constant time."""
    found = None
    for known, user in options.tokens.items():
        if hmac.compare_digest(known.encode(), token.encode("utf-8", "replace")):
            found = user
    return found


def cookie_of(request: web.Request) -> str:
    """The name of the page's cookie. Browsers share cookies over ports: each server has its own."""
    address = request.transport.get_extra_info("sockname") if request.transport else None
    return f"nodeflow-{address[1]}" if address else "nodeflow"


def tokens_of(request: web.Request) -> Iterator[str]:
    """The tokens that a request carries: bearer or password of any user name; else in the link,
    and in the cookie, which may be an old one."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        yield value.strip()
    elif kind.lower() == "basic":
        with suppress(ValueError):
            yield base64.b64decode(value, validate=True).decode().partition(":")[2]
    else:
        yield request.query.get("token", "")
        yield request.cookies.get(cookie_of(request), "")


def known_user(request: web.Request) -> str | None:
    """The user whom a request's tokens name."""
    options = request.app[STATE].options
    users = (user_of(options, token) for token in tokens_of(request))
    return next((user for user in users if user is not None), None)


def secure(response: web.StreamResponse) -> None:
    """Headers against sniffing, framing and foreign scripts, where no handler set its own."""
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every request goes through here."""
    response: web.StreamResponse
    try:
        check_origin(request)
        options = request.app[STATE].options
        if options.tokens:
            user = known_user(request)
            if user is None and request.path not in PUBLIC:
                raise Fault(401, "unauthorized", "open the link that the server printed")
            request[USER] = user or ""
            request["nodeflow.known"] = user is not None
        else:
            request[USER] = ""
            request["nodeflow.known"] = True
        response = await handler(request)
    except Fault as fault:
        response = fault.response()
        if fault.status == 401:
            response.headers["WWW-Authenticate"] = 'Bearer realm="nodeflow"'
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = fault_of(request, error).response()
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
    except (HttpProcessingError, web.RequestPayloadError) as error:
        reason = getattr(error, "message", "") or str(error)
        response = Fault(400, "bad_request", f"the request: {reason}").response()
    except Exception as error:
        known = refused(error)
        if known is None:
            about = {"method": request.method, "path": request.path}
            log.exception("%s %s", request.method, request.path, extra={"about": about})
            known = INTERNAL
        response = Fault(*known).response()
    if not response.prepared:
        secure(response)
    return response


def fault_of(request: web.Request, error: web.HTTPException) -> Fault:
    """What aiohttp refused, with what it would have taken."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        takes = ", ".join(sorted(error.allowed_methods))
        message = f"{error.method} is not for this address; it takes {takes}"
        return Fault(405, "method_not_allowed", message)
    if error.status == 404 and request.path.startswith(OWN) and len(request.path) <= LONGEST:
        known = (found.canonical for found in request.app.router.resources())
        message = f"there is no address '{request.path}'"
        return Fault.unknown(message, request.path, (p for p in known if p.startswith(OWN)))
    code = {404: "not_found", 413: "too_large"}.get(error.status, "bad_request")
    return Fault(error.status, code, error.reason)


def set_cookie(response: web.StreamResponse, request: web.Request, token: str) -> None:
    """Let the page in from now on."""
    response.set_cookie(
        cookie_of(request), token, httponly=True, samesite="Strict", secure=request.secure,
        path="/", max_age=365 * 86_400,
    )  # fmt: skip
