"""Errors in API v2's envelope."""

from collections.abc import Awaitable, Callable
from typing import Any

from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call, Reply


def enveloped(handler: Callable[[Call], Awaitable[Any]]) -> Callable[[Call], Awaitable[Any]]:
    """The handler with its faults told as API v2 tells them."""

    async def handle(call: Call) -> Any:
        try:
            return await handler(call)
        except Fault as fault:
            error = {"code": fault.code, "message": fault.detail, "details": fault.more or None}
            headers = {"Retry-After": "1"} if fault.status == 429 else {}
            return Reply({"error": error}, fault.status, headers)

    handle.__doc__ = handler.__doc__
    return handle
