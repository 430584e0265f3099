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
    partner is text.
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
    weights, pieces = [1.0], []
    for i, part in enumerate(parts):
        if i in pairs:
            weights.append(explicit.get(i, weights[-1] * RAISE))
        elif i in closing:
            weights.pop()
        else:
            text = part[1:] if part in ("\\(", "\\)") else part
            pieces.append(Piece(text, weights[-1]))
    return merged(pieces)


def merged(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of equal weight as one piece, empty ones left out."""
    joined: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if joined and joined[-1].weight == piece.weight:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.weight)
        else:
            joined.append(piece)
    return joined
