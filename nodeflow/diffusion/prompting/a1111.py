"""A prompt in A1111's language as conditioning."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor

from nodeflow.diffusion.conditioning import Conditioning, ConditioningEntry
from nodeflow.diffusion.prompting.emphasis import parse_emphasis
from nodeflow.diffusion.prompting.schedule import alternatives, stretches
from nodeflow.diffusion.text.chunks import LENGTH, ROOM, Chunk
from nodeflow.diffusion.text.tokenizer import END, START, Tokenizer

LAST = 1 << 30
BACKTRACK = 20
"""A full chunk is cut after its last comma, if that is at most so many tokens back."""


def chunks_of(prompt: str, tokenizer: Tokenizer, pad: int = END) -> list[Chunk]:
    """Tokens in chunks of 75; `BREAK` starts a new one. An empty prompt is one chunk."""
    comma = tokenizer.encode(",")[0]
    chunks: list[Chunk] = []
    for pieces in parse_emphasis(prompt):
        current: list[tuple[int, float]] = []
        last_comma = -1
        for piece in pieces:
            for token in tokenizer.encode(piece.text):
                if token == comma:
                    last_comma = len(current)
                elif len(current) == ROOM and 0 <= ROOM - 1 - last_comma <= BACKTRACK:
                    moved = current[last_comma + 1 :] if last_comma >= 0 else []
                    chunks.append(_closed(current[: ROOM - len(moved)], pad))
                    current, last_comma = moved, -1
                if len(current) == ROOM:
                    chunks.append(_closed(current, pad))
                    current, last_comma = [], -1
                current.append((token, piece.weight))
        if current or not chunks or pieces == []:
            chunks.append(_closed(current, pad))
    return chunks


def _closed(tokens: list[tuple[int, float]], pad: int) -> Chunk:
    padding = [(pad, 1.0)] * (ROOM - len(tokens))
    rows = [(START, 1.0), *tokens, (END, 1.0), *padding]
    assert len(rows) == LENGTH
    return Chunk(tuple(token for token, _ in rows), tuple(weight for _, weight in rows))


def emphasised(states: Tensor, weights: Tensor) -> Tensor:
    """States `[chunks, 77, width]` times their weights, each chunk brought back to its mean."""
    weighted = states * weights[..., None]
    means = [t.mean(dim=(1, 2), keepdim=True) for t in (states, weighted)]
    return weighted * (means[0] / means[1])


EncodeText = Callable[[str], ConditioningEntry]
"""One text without schedule or AND, as an entry."""


def encode_a1111(prompt: str, steps: int, encode: EncodeText) -> Conditioning:
    """All texts of a prompt, each with the steps in which it counts.

    `AND` gives entries whose weighted sum guides: their weights are the entries' strengths, and
    their sum the factor of cfg, which makes the mean of entries A1111's sum (arXiv 2206.01714).
    Raises ValueError where the weights sum to 0.
    """
    known = lru_cache(maxsize=None)(encode)
    found = alternatives(prompt)
    total = sum(weight for _, weight in found)
    if total == 0:
        raise ValueError("the weights of the prompts joined by AND sum to 0")
    entries: list[ConditioningEntry] = []
    for text, weight in found:
        parts = stretches(text, steps)
        ranges: dict[str, list[tuple[int, int]]] = {}
        start = 0
        for i, part in enumerate(parts):
            end = part.end + 1 if i + 1 < len(parts) else LAST
            ranges.setdefault(part.text, []).append((start, end))
            start = end
        for part_text, spans in ranges.items():
            whole = spans == [(0, LAST)]
            entries.append(
                replace(
                    known(part_text),
                    steps=None if whole else tuple(spans),
                    strength=weight,
                    guidance=total,
                )
            )
    return tuple(entries)


def weights_of(chunks: list[Chunk]) -> Tensor:
    """`[chunks, 77]`."""
    return torch.tensor([chunk.weights for chunk in chunks])
