"""Configurations that a file's metadata spell out, for what shapes do not show."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.vae.config import VAEConfig

C = TypeVar("C", UNetConfig, VAEConfig, TextConfig)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def stored_config(kind: type[C], metadata: Mapping[str, str], key: str) -> C | None:
    """A configuration in the metadata, or None."""
    if key not in metadata:
        return None
    try:
        data: dict[str, Any] = json.loads(metadata[key])
        known = {field.name for field in fields(kind)}
        values: dict[str, Any] = {k: _tuples(v) for k, v in data.items() if k in known}
        return kind(**values)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise CheckpointError(f"its metadata entry '{key}' is no configuration") from None
