"""Why a node ran: the first cause, in words."""

import json
from dataclasses import dataclass
from typing import Any

from nodeflow.engine.events import Cause
from nodeflow.engine.history import History
from nodeflow.engine.keys import KeyParts
from nodeflow.engine.lookup import Lookup
from nodeflow.engine.plan import Plan


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause as a program and as a person reads it."""

    cause: Cause
    text: str


def shown(text: str) -> str:
    """A literal of a key for people."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        value = float.fromhex(text)
    short = json.dumps(value, ensure_ascii=False)
    return short if len(short) <= 60 else short[:57] + "…"


def reason_of(plan: Plan, name: str, lookup: Lookup, history: History, source: str) -> Reason:
    """Why a node has to run, or had to, given what was looked up and the last run."""
    declaration = plan.nodes[name].spec.declaration
    if name in lookup.gone:
        return Reason("file gone", f"its file {lookup.gone[name]} is gone or changed")
    if plan.parts[name].nonce:
        if declaration.pure:
            return Reason("impure", "which file it takes is known only when it runs")
        return Reason("impure", "it is not pure and runs every time")
    if not declaration.store:
        return Reason("not kept", "too cheap to keep")
    before = history.parts(source, name)
    if history.keys(source).get(name) == plan.keys[name] or name in lookup.evicted:
        return Reason("evicted", "its result was no longer in the cache")
    return changed(plan.parts[name], before)


def changed(parts: KeyParts, before: str | None) -> Reason:
    """What is new in a key. before: its parts in the document's last run, as JSON, or None."""
    if before is None:
        return Reason("never computed", "never computed")
    old = json.loads(before)
    if old["type"] != parts.type:
        return Reason("type", f"the node's type changed from {old['type']} to {parts.type}")
    if old["version"] != parts.version or old["code"] != parts.code:
        return Reason("code", "the node's code changed")
    if old["domain"] != parts.domain:
        text = f"the numerics changed from ({old['domain']}) to ({parts.domain})"
        return Reason("numerics", text)
    for name, text in parts.literals.items():
        was = old["literals"].get(name)
        if was is None:
            return Reason("literal", f"{name} is new")
        if was != text:
            return Reason("literal", f"{name} changed from {shown(was)} to {shown(text)}")
    for name, digest in parts.files.items():
        if old["files"].get(name) != digest:
            return Reason("file", f"the content of the file in {name} changed")
    if old.get("depends", []) != list(parts.depends):
        return Reason("depends", f"what it depends on changed to {', '.join(parts.depends)}")
    return changed_link(parts, old["links"])


def changed_link(parts: KeyParts, old: dict[str, Any]) -> Reason:
    """What is new in a key's links."""
    for name, (node, key, output) in parts.links.items():
        was = old.get(name)
        if was is None:
            return Reason("link", f"{name} is linked to '{node}' now")
        if was[0] != node or was[2] != output:
            text = f"{name} is linked to '{node}.{output}' instead of '{was[0]}.{was[2]}'"
            return Reason("link", text)
        if was[1] != key:
            return Reason("upstream", f"'{node}' before it changed")
    return Reason("link", "an input is gone")
