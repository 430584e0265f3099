"""Errors in the shape that A1111's API gives them."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import json

from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call, Reply


def shaped(handler: Callable[[Call], Awaitable[Any]]) -> Callable[[Call], Awaitable[Any]]:
    """The handler with its faults told as A1111 tells them."""

    async def handle(call: Call) -> Any:
        try:
            return await handler(call)
        except Fault as fault:
            found = json.decode(fault.problems)
            said = [f"{p.get('input') or p.get('node')}: {p['message']}" for p in found]
            detail = "; ".join(said) or fault.detail
            body = {"error": fault.code, "detail": detail, "body": "", "errors": detail}
            return Reply(body, fault.status)

    handle.__doc__ = handler.__doc__
    return handle
