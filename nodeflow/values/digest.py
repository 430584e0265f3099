"""Digests of values, for early cutoff: equal digests mean values that no node can tell apart.

A recipe's file is taken by its content; where it lies is left out. Types that the codec does
not know have no digest.
"""

from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import blake2b
from typing import Any, Protocol

from nodeflow.values.structured import is_tensor

PLACES = {("WeightsFile", "path")}
"""Fields that say where something lies, not what it is."""


class Undigested(Exception):
    """A value of a type whose content cannot be told."""


class _Hash(Protocol):
    def update(self, data: Any, /) -> None: ...


def digest(value: object) -> str:
    """BLAKE2b (hex, 16 bytes). Raises Undigested."""
    total = blake2b(digest_size=16)
    _feed(value, total)
    return total.hexdigest()


def _feed(value: object, total: _Hash) -> None:
    kind = type(value)
    if value is None or kind in (bool, int, str, bytes):
        text = repr(value).encode("utf-8", "surrogatepass")
        total.update(b"%b %d:" % (kind.__name__.encode(), len(text)))
        total.update(text)
    elif kind is float:
        assert isinstance(value, float)
        total.update(f"float {value.hex()};".encode())
    elif is_tensor(value):
        _feed_tensor(value, total)
    elif isinstance(value, Enum):
        total.update(f"enum {kind.__name__}.{value.name};".encode())
    elif kind in (tuple, list):
        assert isinstance(value, tuple | list)
        total.update(f"{kind.__name__} {len(value)}[".encode())
        for item in value:
            _feed(item, total)
    elif kind is dict:
        assert isinstance(value, dict)
        total.update(f"dict {len(value)}[".encode())
        for key, item in value.items():
            _feed(key, total)
            _feed(item, total)
    elif is_dataclass(value) and not isinstance(value, type):
        total.update(f"class {kind.__module__}.{kind.__qualname__}[".encode())
        for field in fields(value):
            if (kind.__name__, field.name) not in PLACES:
                total.update(f"{field.name}=".encode())
                _feed(getattr(value, field.name), total)
    else:
        raise Undigested(f"a value of type {kind.__qualname__} has no digest")


def _feed_tensor(value: Any, total: _Hash) -> None:
    import torch

    plain = value.detach().cpu().contiguous()
    total.update(f"tensor {plain.dtype} {tuple(plain.shape)} {value.requires_grad};".encode())
    if plain.numel():
        total.update(memoryview(plain.reshape(-1).view(torch.uint8).numpy()))
