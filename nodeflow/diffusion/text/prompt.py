"""Weights in prompts: `(words)` 1.1 times, `(words:1.3)` exactly 1.3, `\\(` a parenthesis."""

import re
from dataclasses import dataclass

RAISE = 1.1
_PARTS = re.compile(r"\\[()]|[()]|[^()\\]+|\\")
_EXPLICIT = re.compile(r"^(.*):\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that has one weight."""

    text: str
    weight: float


def matching(parts: list[str]) -> dict[int, int]:
    """Positions of opening parentheses to those of the ones that close them."""
    pairs, opened = {}, []
    for i, part in enumerate(parts):
        if part == "(":
            opened.append(i)
        elif part == ")" and opened:
            pairs[opened.pop()] = i
    return pairs


def parse_weights(prompt: str) -> list[Piece]:
    """Split a prompt into weighted pieces.

    Nested parentheses multiply; a number at a group's end sets its weight absolutely, and
    groups within multiply from there. Square brackets mean nothing; a parenthesis without a
    partner is text. A group's border ends a piece, and so a word: `(sun)(flower)` is two.
    """
    parts = _PARTS.findall(prompt)
    pairs = matching(parts)
    closing = set(pairs.values())
    explicit: dict[int, float] = {}
    for start, end in pairs.items():
        match = _EXPLICIT.match(parts[end - 1]) if end - 1 > start else None
        if match is not None and end - 1 not in closing:
            explicit[start] = float(match.group(2))
            parts[end - 1] = match.group(1)
    weights = [1.0]
    pieces: list[tuple[float, list[str]]] = [(1.0, [])]
    for i, part in enumerate(parts):
        if i in pairs:
            weights.append(explicit.get(i, weights[-1] * RAISE))
        elif i in closing:
            weights.pop()
        else:
            pieces[-1][1].append(part[1:] if part in ("\\(", "\\)") else part)
            continue
        pieces.append((weights[-1], []))
    return [Piece("".join(texts), weight) for weight, texts in pieces if any(texts)]
