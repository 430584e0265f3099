"""A1111's weights: `(x)` times 1.1, `[x]` divided by 1.1, `(x:1.3)` times 1.3, `BREAK`.

Nested weights multiply, other than in ComfyUI's language. A bracket that is never closed counts
to the end; a backslash before `(`, `)`, `[`, `]` or a backslash makes it text.
"""

import re
from typing import Final

from nodeflow.diffusion.text.prompt import Piece

ROUND: Final = 1.1
_TOKENS = re.compile(
    r"\\[()\[\]\\]|\\|\(|\[|:\s*([+-]?[.\d]+)\s*\)|\)|\]|[^\\()\[\]:]+|:", re.DOTALL
)
_BREAK = re.compile(r"\s*\bBREAK\b\s*", re.DOTALL)


def number(text: str | None) -> float | None:
    """A weight, where the text is one."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def parse_emphasis(prompt: str) -> list[list[Piece]]:
    """Weighted pieces, in parts that `BREAK` sets apart."""
    texts: list[tuple[str, bool]] = []
    weights: list[float] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}

    def close(kind: str, factor: float) -> None:
        start = opened[kind].pop()
        weights[start:] = [weight * factor for weight in weights[start:]]

    for match in _TOKENS.finditer(prompt):
        token = match.group(0)
        weight = number(match.group(1))
        if token in opened:
            opened[token].append(len(texts))
        elif weight is not None and opened["("]:
            close("(", weight)
        elif token == ")" and opened["("]:
            close("(", ROUND)
        elif token == "]" and opened["["]:
            close("[", 1 / ROUND)
        else:
            literal = len(token) == 2 and token[0] == "\\"
            for i, part in enumerate([token[1:]] if literal else _BREAK.split(token)):
                if i:
                    texts.append(("", True))
                    weights.append(1.0)
                texts.append((part, False))
                weights.append(1.0)
    while opened["("]:
        close("(", ROUND)
    while opened["["]:
        close("[", 1 / ROUND)
    parts: list[list[Piece]] = [[]]
    for (text, breaks), weight in zip(texts, weights, strict=True):
        if breaks:
            parts.append([])
        elif text:
            last = parts[-1][-1] if parts[-1] else None
            if last is not None and last.weight == weight:
                parts[-1][-1] = Piece(last.text + text, weight)
            else:
                parts[-1].append(Piece(text, weight))
    return parts
