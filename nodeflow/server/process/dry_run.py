"""What a run would do, as the API's plan describes it."""

from dataclasses import asdict
from typing import Any

from nodeflow.engine import dry_run as engine
from nodeflow.engine.run import Engine
from nodeflow.node.checked import CheckedWorkflow
from nodeflow.server.process.disk import disk_cache


def dry_run(workflow: CheckedWorkflow, cache: str | None, device: str) -> dict[str, Any]:
    """For each node `run` or `reuse` with the reason; seconds and bytes where they are known.

    Results that only a worker's memory holds are not seen: such a node counts as run.
    """
    disk = disk_cache(cache)
    try:
        found = engine.dry_run(Engine(device, disk), workflow)
    finally:
        if disk is not None:
            disk.close()
    runs = sum(node.action == "run" for node in found.nodes.values())
    return {
        "nodes": {name: asdict(node) for name, node in found.nodes.items()},
        "seconds": None if runs and found.unknown == runs else found.seconds,
        "bytes": found.bytes or None,
        "unknown": found.unknown,
        "outputs": list(found.outputs),
        "warnings": [asdict(warning) for warning in found.warnings],
    }
