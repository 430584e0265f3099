"""What a run would do, seen from the disk cache without computing anything."""

import time
from pathlib import Path
from typing import Any

from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.run import Engine
from nodeflow.node.check import CheckedWorkflow


def dry_run(workflow: CheckedWorkflow, cache: str | None) -> dict[str, Any]:
    """For each node `run` or `reuse`, as the API's plan describes it.

    Results that only a worker's memory holds are not seen: such a node counts as run.
    """
    disk = DiskCache(Path(cache)) if cache else None
    try:
        plan = Engine(disk=disk).plan(workflow)
        nodes: dict[str, Any] = {}
        stack, seen = list(workflow.outputs), set(workflow.outputs)
        while stack:
            name = stack.pop()
            entry = disk.get(plan.keys[name]) if disk else None
            if entry is not None:
                age = max(0.0, time.time() - entry.created)
                nodes[name] = _node("reuse", "same inputs, on disk", entry.seconds, age)
                nodes[name]["bytes"] = len(entry.data)
                continue
            nodes[name] = _node("run", "not in the cache", None, None)
            for other in plan.upstream(name):
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
    finally:
        if disk is not None:
            disk.close()
    for name in plan.keys:
        nodes.setdefault(name, _node("reuse", "nothing that needs it has to run", None, None))
    ordered = {name: nodes[name] for name in plan.keys}
    return {"nodes": ordered, "seconds": None, "bytes": None, "outputs": list(workflow.outputs)}


def _node(action: str, reason: str, seconds: float | None, age: float | None) -> dict[str, Any]:
    tier = "disk" if seconds is not None else None
    return {
        "action": action, "tier": tier, "reason": reason, "seconds": seconds, "bytes": None,
        "age": age,
    }  # fmt: skip
