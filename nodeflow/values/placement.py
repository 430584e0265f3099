"""Where a value's bytes lie, and moving them from a device to the host."""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from nodeflow.values.structured import is_tensor, tensors

OVERHEAD = 256
"""Bytes that a value takes beside its tensors and texts, about."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of memory on the host and on devices."""

    host: int
    device: int


def footprint(value: object) -> Footprint:
    """Bytes that a value keeps alive; a view of a large tensor counts as the whole of it."""
    host, device = OVERHEAD + text_bytes(value), 0
    seen: set[tuple[str, int]] = set()
    for tensor in tensors(value):
        storage = tensor.untyped_storage()
        where = (str(tensor.device), storage.data_ptr())
        if where in seen:
            continue
        seen.add(where)
        if tensor.device.type == "cpu":
            host += storage.nbytes()
        else:
            device += storage.nbytes()
    return Footprint(host, device)


def text_bytes(value: object) -> int:
    """Bytes of the texts in a value, about."""
    total, stack = 0, [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str | bytes):
            total += len(item)
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            stack.extend(item)
    return total


def to_host(value: Any) -> Any:
    """The same value with every tensor on the CPU; what has none on a device is not copied."""
    return map_tensors(value, lambda tensor: tensor.detach().cpu())


def map_tensors(value: Any, change: Callable[[Any], Any]) -> Any:
    """A value rebuilt with changed tensors."""
    if is_tensor(value):
        return change(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(map_tensors(item, change) for item in value))
    if isinstance(value, list | tuple):
        return type(value)(map_tensors(item, change) for item in value)
    if isinstance(value, dict):
        return {key: map_tensors(item, change) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type) and any(True for _ in tensors(value)):
        changed = {f.name: map_tensors(getattr(value, f.name), change) for f in fields(value)}
        return replace(value, **changed)
    return value
