"""Sizes and ages as people write them: `10GB`, `500 MB`, `30d`, `12h`."""

import os
import re

SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
AGES = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
DEFAULT_LIMIT = 10_000_000_000


def parse_size(text: str) -> int:
    """Bytes. Raises ValueError where the text is no size."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)I?B?\s*", text.upper())
    if match is None:
        raise ValueError(f"'{text}' is no size; write for example 500MB or 10GB")
    return int(float(match[1]) * SIZES[match[2] + "B"])


def parse_age(text: str) -> float:
    """Seconds. Raises ValueError where the text is no age."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", text.lower())
    if match is None:
        raise ValueError(f"'{text}' is no age; write for example 45m, 12h, 30d or 2w")
    return float(match[1]) * AGES[match[2]]


def cache_limit() -> int:
    """`NODEFLOW_CACHE_LIMIT`, else 10 GB. Raises ValueError where it is no size."""
    named = os.environ.get("NODEFLOW_CACHE_LIMIT")
    if not named:
        return DEFAULT_LIMIT
    try:
        return parse_size(named)
    except ValueError as error:
        raise ValueError(f"NODEFLOW_CACHE_LIMIT: {error}") from error


def size_text(size: float) -> str:
    """A size for people."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size:.0f} B"


def age_text(seconds: float) -> str:
    """An age for people."""
    for unit, factor in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= factor:
            return f"{seconds / factor:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
