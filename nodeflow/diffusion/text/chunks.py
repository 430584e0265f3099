"""Long prompts as chunks of 77 tokens: start, 75 of the prompt, end and padding."""

from collections.abc import Iterable
from dataclasses import dataclass

from nodeflow.diffusion.text.prompt import Piece
from nodeflow.diffusion.text.tokenizer import END, START, Tokenizer

LENGTH = 77
ROOM = LENGTH - 2
LONGEST_UNSPLIT = 8


@dataclass(frozen=True, slots=True)
class Chunk:
    """77 token ids and the weight of each."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


def words_of(piece: Piece, tokenizer: Tokenizer) -> Iterable[list[int]]:
    """The token ids of a piece, word by word."""
    for word in piece.text.replace("\n", " ").split(" "):
        if word:
            yield tokenizer.encode(word)


def chunk_tokens(pieces: Iterable[Piece], tokenizer: Tokenizer, pad: int) -> list[Chunk]:
    """Fill chunks; a word of fewer than 8 tokens is not split over a border.

    An empty prompt gives one chunk of padding.
    """
    chunks: list[list[tuple[int, float]]] = [[]]
    for piece in pieces:
        for word in words_of(piece, tokenizer):
            tokens = [(token, piece.weight) for token in word]
            while tokens:
                room = ROOM - len(chunks[-1])
                if len(tokens) > room:
                    if len(tokens) >= LONGEST_UNSPLIT:
                        chunks[-1].extend(tokens[:room])
                        tokens = tokens[room:]
                    chunks.append([])
                    continue
                chunks[-1].extend(tokens)
                tokens = []
    return [_closed(chunk, pad) for chunk in chunks]


def _closed(tokens: list[tuple[int, float]], pad: int) -> Chunk:
    padding = ROOM - len(tokens)
    ids = [START, *(token for token, _ in tokens), END, *[pad] * padding]
    weights = [1.0, *(weight for _, weight in tokens), 1.0, *[1.0] * padding]
    return Chunk(tuple(ids), tuple(weights))
