"""What a run would do, as the API's plan describes it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nodeflow.engine import dry_run as engine
from nodeflow.engine.memory_cache import Kept
from nodeflow.engine.run import Engine
from nodeflow.node.checked import CheckedWorkflow
from nodeflow.server.process.disk import disk_cache


def dry_run(
    workflow: CheckedWorkflow, cache: str | None, device: str, held: Mapping[str, Kept]
) -> dict[str, Any]:
    """For each node `run` or `reuse` with the reason; seconds and bytes where they are known.

    held: what is in the memory of the worker that would run it.
    """
    disk = disk_cache(cache)
    try:
        found = engine.dry_run(Engine(device, disk), workflow, elsewhere=held)
    finally:
        if disk is not None:
            disk.close()
    runs = sum(node.action == "run" for node in found.nodes.values())
    return {
        "nodes": {name: asdict(node) for name, node in found.nodes.items()},
        "seconds": None if runs and found.unknown == runs else found.seconds,
        "bytes": found.bytes or None,
        "unknown": found.unknown,
        "weights": found.weights,
        "unweighed": found.unweighed,
        "outputs": list(found.outputs),
        "warnings": [asdict(warning) for warning in found.warnings],
    }
