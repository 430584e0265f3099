"""Why a node ran: the first cause, in words."""

import json
from typing import Any

from nodeflow.engine.keys import KeyParts


def shown(text: str) -> str:
    """A literal of a key for people."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        value = float.fromhex(text)
    short = json.dumps(value, ensure_ascii=False)
    return short if len(short) <= 60 else short[:57] + "…"


def cause(parts: KeyParts, before: str | None, same_key: bool) -> str:
    """The reason for which a node with these parts had to run.

    `before`: the parts of its key in the last run of the document, as JSON, or None.
    """
    if parts.nonce:
        return "it is not pure and runs every time"
    if before is None:
        return "never computed"
    if same_key:
        return "its result was no longer in the cache"
    old = json.loads(before)
    if old["type"] != parts.type:
        return f"the node's type changed from {old['type']} to {parts.type}"
    if old["version"] != parts.version or old["code"] != parts.code:
        return "the node's code changed"
    if old["domain"] != parts.domain:
        return f"the numerics changed from ({old['domain']}) to ({parts.domain})"
    for name, text in parts.literals.items():
        was = old["literals"].get(name)
        if was != text:
            start = f"{name} changed"
            return f"{start} from {shown(was)} to {shown(text)}" if was else f"{name} is new"
    for name, digest in parts.files.items():
        if old["files"].get(name) != digest:
            return f"the content of the file in {name} changed"
    for name, (node, key, output) in parts.links.items():
        was_link = old["links"].get(name)
        if was_link is None:
            return f"{name} is linked to '{node}' now"
        if was_link[0] != node or was_link[2] != output:
            return f"{name} is linked to '{node}.{output}' instead of '{was_link[0]}.{was_link[2]}'"
        if was_link[1] != key:
            return f"'{node}' before it changed"
    return "an input is gone"
